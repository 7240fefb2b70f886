"""From the YAML files of a network to a network: the tree of a file, its fields, and what they make."""
