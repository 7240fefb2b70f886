"""Codes of terminologies that other programs know a network's parts by."""
