"""What answers become: `Media` and its parts, errors, traces; how they are checked, read and written."""
