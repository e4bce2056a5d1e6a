"""From paths to programs: which files, their texts, what imports what, and the configuration over them."""
