"""`Client`: its verbs, their options, and what the verbs for many return."""
