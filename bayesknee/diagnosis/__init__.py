"""What follows from a posterior: how urgent the case is, what to ask next, and why."""
