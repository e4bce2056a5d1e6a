"""The state of an interpretation: what is true at the moment, and what every part shares."""
