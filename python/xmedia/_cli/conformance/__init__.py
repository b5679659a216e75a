"""`xmedia conformance`: what X answers to a fixed list of harmless requests, beside what the mock server answers."""
