//! What the operating system says of an error.

use std::io;

/// The system's words, without the number that Rust adds to them.
pub fn words(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}
