//! What is needed of the operating system, and knows nothing of X: threads for work that may block, files that only their
//! owner may read, values that a forked child makes anew, and the words of its errors.

pub(crate) mod blocking;
pub(crate) mod fork;
mod lock_descriptors;
pub(crate) mod os_error;
pub mod private_file;
