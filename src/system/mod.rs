//! What is needed of the operating system, and knows nothing of X: threads for work that may block, files that only their
//! owner may read, and values that a forked child makes anew.

pub(crate) mod blocking;
pub(crate) mod fork;
mod lock_descriptors;
pub mod private_file;
