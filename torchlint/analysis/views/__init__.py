"""What people see of the values: explanations, hints, tables of models."""
