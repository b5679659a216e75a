//! JSON as servers write it: members that are read one by one, numbers in any form, and text that is nearly JSON.

mod lossy;
mod members;
pub(in crate::client::protocol) mod number;

pub use self::lossy::lossy_json;
pub(in crate::client::protocol) use self::members::Members;
