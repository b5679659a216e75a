//! What the client needs of the operating system: threads for work that may block, files that only their owner may read,
//! and values that a forked child makes anew.

pub(crate) mod blocking;
pub(super) mod per_process;
pub mod private_file;
