"""The pages of rules, and torch itself as the witness of what they say."""
