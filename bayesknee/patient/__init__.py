"""A patient: what is said of one, checked against a network."""
