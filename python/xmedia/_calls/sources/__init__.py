"""What an upload reads: found out, opened, and read."""
