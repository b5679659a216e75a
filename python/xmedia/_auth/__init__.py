"""Credentials, where they are read from, and where refreshed ones are kept."""
