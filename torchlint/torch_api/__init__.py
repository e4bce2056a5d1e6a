"""What torch does, as tables and small functions; nothing here knows a syntax node."""
