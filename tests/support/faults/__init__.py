"""The fault matrix: its table, and how a cell of it is run."""
