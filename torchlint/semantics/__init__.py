"""What a program means: names, values and the facts that rules ask for."""
