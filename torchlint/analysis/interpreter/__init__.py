"""Python and nothing else: statements, expressions, calls, classes, imports."""
