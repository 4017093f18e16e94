"""What keeps the data: backup and restoring, pruning, and all of one company to take along or to forget."""
