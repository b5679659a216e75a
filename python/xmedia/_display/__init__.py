"""What people look at: tables and timelines in a notebook, progress bars, a result in words."""
