"""Tools for a language model, by the Model Context Protocol (MCP): it reads free text, and this counts.

The model passes on what a person said, each answer with the words that it was taken from, and gets back what the engine
has: how urgent it is, what is not ruled out, probabilities, the next question, and why. All tools only read, and keep
nothing: each call has all answers. They stand on the functions behind the command line, so all figures are the same.

Needs the extra `mcp`.
"""
