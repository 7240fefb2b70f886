"""A module a command, of its name: `group` imports it when the command is called, and calls its `command`."""
