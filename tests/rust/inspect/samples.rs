//! The samples, and what is found in them.

use std::fs;
use std::path::PathBuf;

use xmedia::client::category::AccountTier;
use xmedia::client::inspect::{CheckOptions, Inspection, Report, check, inspect};

/// Where the samples are.
pub(super) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/samples")
}

/// The bytes of a sample.
pub(super) fn bytes_of(name: &str) -> Vec<u8> {
    fs::read(folder().join(name)).unwrap()
}

/// The samples' names, but for the script that makes them.
pub(super) fn samples() -> Vec<String> {
    let names = fs::read_dir(folder()).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name != "make.sh").collect();
    names.sort();
    names
}

pub(super) fn inspect_sample(name: &str) -> Inspection {
    inspect(&mut bytes_of(name).as_slice(), Some(name)).unwrap()
}

/// The report of a sample for these options.
pub(super) fn report_with(name: &str, category: Option<&str>, account: Option<AccountTier>) -> Report {
    let options = CheckOptions { media_category: category.map(str::to_owned), account };
    check(&mut bytes_of(name).as_slice(), Some(name), &options).unwrap()
}

pub(super) fn report(name: &str) -> Report {
    report_with(name, None, None)
}

/// What is found, in short; recommendations of bitrates aside, which every small sample is below.
pub(super) fn found(report: &Report) -> Vec<String> {
    let telling = report.findings.iter().filter(|finding| !finding.rule.ends_with("_bitrate"));
    telling.map(|finding| format!("{} {}", finding.level.name(), finding.rule)).collect()
}
