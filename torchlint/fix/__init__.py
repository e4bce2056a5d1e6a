"""What fixes do to a text: edits applied, and linted again until nothing changes."""
