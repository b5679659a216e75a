//! JSON as servers write it: members that are read one by one, numbers in any form, and text that is nearly JSON.

mod members;
mod mend;
pub(in crate::client::protocol) mod number;

pub(in crate::client::protocol) use self::members::Members;
pub use self::mend::mended;
