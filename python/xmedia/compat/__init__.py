"""Drop-in replacements for parts of other libraries. Each module needs the library that it stands in for."""
