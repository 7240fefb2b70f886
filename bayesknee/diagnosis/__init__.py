"""What follows from a posterior: how urgent it is, what to ask next, and why."""
