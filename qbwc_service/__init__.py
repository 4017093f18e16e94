"""Posts finished orders into QuickBooks Desktop through Intuit's QuickBooks Web Connector, exactly once."""

__version__ = "0.1.0"
