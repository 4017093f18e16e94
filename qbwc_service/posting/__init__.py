"""From an order to what QuickBooks holds."""
