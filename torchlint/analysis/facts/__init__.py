"""What the interpreter tells the rules, and the questions that rules ask of it."""
