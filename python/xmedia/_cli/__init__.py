"""The command `xmedia`."""
