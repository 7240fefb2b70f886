"""The talk of an interview at a terminal: what is shown, the keys, and what is done with an answer."""
