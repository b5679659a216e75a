//! Files that only their owner may use: a lock beside them, and content that is replaced whole or not at all.

mod file_lock;
mod mount;
mod open;
mod paths;
mod replace;

pub use self::file_lock::FileLock;
pub use self::mount::is_mount_point;
pub use self::open::create;
pub use self::paths::{named_beside, resolved};
pub use self::replace::{Replacement, give_to_all_names, name_count, pad, write};
