"""Scripts for shells that complete this command line."""
