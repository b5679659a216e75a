"""What tests of several subjects share: media, clients, servers that misbehave. It holds no tests."""
