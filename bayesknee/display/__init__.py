"""What people see: text for terminals."""
