//! The page of the documentation has the table of rules as the code has it.

use std::fs;

use xmedia::client::inspect::rules::RULES;

/// The table in Markdown.
fn table() -> String {
    let rows = RULES.iter().map(|rule| {
        let (level, source) = (rule.level.name(), rule.source.text());
        format!("| `{}` | {level} | {} | {} | {source} |\n", rule.id, rule.applies, rule.text)
    });
    format!("| rule | level | files | requirement | source |\n|---|---|---|---|---|\n{}", rows.collect::<String>())
}

/// Set `UPDATE_DOCS=1` to write the table into the page.
#[test]
fn the_page_has_the_table_of_rules() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/tasks/check.md");
    let page = fs::read_to_string(path).unwrap();
    let (before, rest) = page.split_once("<!-- rules -->\n").unwrap();
    let (_, after) = rest.split_once("<!-- end of rules -->").unwrap();
    let expected = format!("{before}<!-- rules -->\n{}<!-- end of rules -->{after}", table());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(path, &expected).unwrap();
    }
    assert_eq!(expected, fs::read_to_string(path).unwrap(), "UPDATE_DOCS=1 cargo test writes it");
}
