//! The network side: the port, connections, the HTTP requests on them, and the faults that a test scripted.

pub(crate) mod acceptor;
pub(crate) mod body;
pub(crate) mod connection;
pub(crate) mod context;
pub(crate) mod ending;
pub(crate) mod faults;
pub(crate) mod headers;
pub(crate) mod replayed;
pub(crate) mod serve;
pub(crate) mod tls;
