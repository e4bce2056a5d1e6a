"""What is noted on the way and told when more is known: sums that gather losses, thresholds, methods that are not called."""
