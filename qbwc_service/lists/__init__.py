"""QuickBooks' lists, mirrored, and the links from our records to QuickBooks' ones."""
