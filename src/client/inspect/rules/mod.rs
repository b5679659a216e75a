//! What X asks of files: a table of rules, and what each of them looks at.

mod amounts;
mod audio;
mod breach;
mod file;
mod image;
mod remedy;
mod subject;
mod table;
mod video;

pub use self::breach::Breach;
pub use self::remedy::Remedy;
pub use self::subject::{CheckOptions, Subject};
pub use self::table::{RULES, Rule, RuleSource};
