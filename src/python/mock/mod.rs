//! The mock server for Python: plain values in, plain values out.

mod rows;
mod server;

pub use server::PyMockServer;
