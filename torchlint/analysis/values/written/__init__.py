"""What the text of a program says of its values: conditions, calls, choices, effects, and how something is written."""
