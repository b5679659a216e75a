"""What tests of several subjects share: media, clients, servers that misbehave. It holds no tests."""

from pathlib import Path

#: The repository.
ROOT = Path(__file__).parents[2]
