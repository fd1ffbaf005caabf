"""What people see: one file for each command, and what they share."""
