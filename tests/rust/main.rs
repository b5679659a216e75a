//! Integration tests of the Rust client and the mock server, without Python.
