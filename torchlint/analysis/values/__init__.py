"""What is known of each thing that a program handles: abstract values, their joins, and what can be asked of any of them."""
