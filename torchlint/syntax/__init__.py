"""Text to tree: `ast` to think on, libcst for syntax that is newer than the running Python."""
