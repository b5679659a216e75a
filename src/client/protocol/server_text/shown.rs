//! A text of a server as one line that does nothing but show itself.

use std::fmt::Write as _;

/// How many characters of it are shown.
pub const MAX_SHOWN_CHARS: usize = 500;

/// One line of a text: control characters as escapes, and what is longer than there is room for cut.
pub fn shown(text: &str) -> String {
    let mut line = String::with_capacity(text.len().min(MAX_SHOWN_CHARS));
    let mut room = MAX_SHOWN_CHARS;
    for character in text.chars() {
        let before = line.len();
        if is_visible(character) {
            line.push(character);
        } else {
            escape(character, &mut line);
        }
        let length = line.get(before..).map_or(0, |added| added.chars().count());
        let Some(left) = room.checked_sub(length) else {
            line.truncate(before);
            line.push('…');
            break;
        };
        room = left;
    }
    line
}

fn escape(character: char, line: &mut String) {
    let code = u32::from(character);
    // Writing to a `String` cannot fail.
    let _ = match character {
        '\n' => write!(line, "\\n"),
        '\r' => write!(line, "\\r"),
        '\t' => write!(line, "\\t"),
        _ if code < 0x100 => write!(line, "\\x{code:02x}"),
        _ if code < 0x10000 => write!(line, "\\u{code:04x}"),
        _ => write!(line, "\\U{code:08x}"),
    };
}

/// Whether a character shows itself and does nothing else.
fn is_visible(character: char) -> bool {
    !(character.is_control()
        || matches!(
            character,
            // Line and paragraph ends, and what turns the direction of writing.
            '\u{2028}'..='\u{202e}'
            // What hides itself (Unicode's Default_Ignorable_Code_Point). The selectors at U+FE00 are left: emoji have them.
            | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
        ))
}
