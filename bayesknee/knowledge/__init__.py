"""Knowledge: from the files of a network to a checked `Network`."""
