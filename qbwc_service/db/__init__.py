"""The database: one module a group of tables, with their indexes and statements (style.md 11)."""
