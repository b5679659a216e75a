"""One call of the core while it runs: its source, the callbacks of the program, what comes back."""
