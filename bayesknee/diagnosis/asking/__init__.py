"""The next question, a plan of questions, and whether enough is known."""
