//! The client's errors in Python, and the requests that led to them.

mod exchanges;
mod har;
mod raise;

pub use self::exchanges::KeptExchanges;
pub use self::har::save_har;
pub use self::raise::{invalid_input, raise, raise_about};
