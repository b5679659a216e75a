//! What a file is, and whether X takes it: found out of its index, before a byte is sent.
//!
//! The formats' parsers give facts, the table of [`rules`] is applied to them, and [`Report`] says what is wrong and how
//! to fix it. A file may say anything of itself: what is read, allocated and computed is bounded ([`reader`]), and what
//! cannot be understood is unknown, never refused.

mod check;
pub mod facts;
mod finding;
mod fix;
pub mod format;
mod parsers;
pub mod reader;
mod report;
pub mod rules;
mod tag;
mod text;

pub use self::check::{check, inspect};
pub use self::facts::Inspection;
pub use self::finding::{Finding, Level, explanation};
pub use self::parsers::webp_is_animated;
pub use self::reader::{FileBytes, ReadBytes};
pub use self::report::Report;
pub use self::rules::CheckOptions;
