"""The server: the documents of the command line over HTTP, for other programs.

Stateless: a request carries the whole case, and nothing of a patient is written, logged or kept.
"""
