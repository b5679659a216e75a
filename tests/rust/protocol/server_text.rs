//! What a server wrote is shown in one line, escaped and cut.

use xmedia::client::protocol::{MAX_SHOWN_CHARS, shown};

#[test]
fn what_does_not_show_itself_is_escaped() {
    let table = [
        ("plain é 😀 text\\n", "plain é 😀 text\\n"),
        ("a\r\nb\tc", "a\\r\\nb\\tc"),
        ("\u{1b}[2J\u{7}\0\u{7f}\u{9b}", "\\x1b[2J\\x07\\x00\\x7f\\x9b"),
        ("\u{2028}\u{202e}\u{200b}\u{feff}\u{e0041}", "\\u2028\\u202e\\u200b\\ufeff\\U000e0041"),
        ("\u{34f}\u{115f}\u{180e}\u{3164}\u{ffa0}", "\\u034f\\u115f\\u180e\\u3164\\uffa0"),
        ("\u{1d173}\u{e0100}\u{fff9}", "\\U0001d173\\U000e0100\\ufff9"),
        ("❤\u{fe0f} नमस्ते e\u{301}", "❤\u{fe0f} नमस्ते e\u{301}"),
        ("", ""),
    ];
    for (text, expected) in table {
        assert_eq!(expected, shown(text));
        assert_eq!(expected, shown(expected), "what is shown stays as it is");
    }
}

#[test]
fn what_is_long_is_cut_and_no_escape_is_cut_in_two() {
    let most = "é".repeat(MAX_SHOWN_CHARS);
    assert_eq!(most, shown(&most));
    assert_eq!(format!("{most}…"), shown(&format!("{most}x")));
    let escapes = shown(&"\u{1b}".repeat(1_000_000));
    assert_eq!(format!("{}…", "\\x1b".repeat(MAX_SHOWN_CHARS / 4)), escapes);
}
