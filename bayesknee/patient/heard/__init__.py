"""What people say in words of their own, as answers to be confirmed. Rules and the words of the network; no model."""
