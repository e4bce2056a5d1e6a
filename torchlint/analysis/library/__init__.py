"""What calls of code that is not read do to values, found by qualified name."""
