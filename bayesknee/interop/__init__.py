"""The network as other programs know it."""
