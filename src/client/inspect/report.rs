//! What a check gives: facts, findings, and how to fix the file.

use serde_json::{Value, json};

use super::facts::{FileFacts, Inspection};
use super::finding::{Finding, Level};
use super::fix;
use super::rules::{CheckOptions, RULES, Subject};

/// What a check gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// What the file is.
    pub facts: FileFacts,
    /// What was found, errors first.
    pub findings: Vec<Finding>,
    /// What stands between ffmpeg's input and output to fix it.
    pub fix: Option<Vec<String>>,
}

impl Report {
    /// Holds what was found out against the rules.
    pub fn of(inspection: &Inspection, options: &CheckOptions) -> Self {
        let subject = Subject::new(inspection, options);
        let mut findings: Vec<Finding> = RULES
            .iter()
            .filter_map(|rule| {
                let breach = (rule.broken)(&subject)?;
                Some(Finding {
                    rule: rule.id,
                    level: rule.level,
                    message: breach.message,
                    found: breach.found,
                    allowed: breach.allowed,
                    source: rule.source.text(),
                    refusal: rule.refusal,
                })
            })
            .collect();
        findings.sort_by_key(|finding| finding.level);
        let fix = fix::options(inspection, &findings);
        Report { facts: inspection.facts.clone(), findings, fix }
    }

    /// Whether no rule is broken whose breach X is known to refuse.
    pub fn ok(&self) -> bool {
        self.errors().next().is_none()
    }

    /// What X is known to refuse.
    pub fn errors(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.level == Level::Error)
    }

    /// The errors in words, and the fix: what a warning says. The name is the file's, where it has one.
    pub fn summary(&self, name: Option<&str>) -> Option<String> {
        let errors: Vec<&str> = self.errors().map(|finding| finding.message.as_str()).collect();
        if errors.is_empty() {
            return None;
        }
        let subject = name.map_or_else(|| "the media".to_owned(), |name| format!("{name:?}"));
        let mut text = format!("X will refuse {subject}: {}", errors.join("; "));
        if let Some(fix) = self.fix_text() {
            text.push_str(&format!(". To fix it: {fix}"));
        }
        Some(text)
    }

    /// The command that fixes it, with names to be filled in.
    pub fn fix_text(&self) -> Option<String> {
        let options = self.fix.as_ref()?.iter().map(|option| quoted(option)).collect::<Vec<_>>();
        Some(format!("ffmpeg -i INPUT {} OUTPUT", options.join(" ")))
    }

    /// As JSON.
    pub fn to_value(&self) -> Value {
        let findings = self.findings.iter().map(|finding| {
            json!({
                "rule": finding.rule, "level": finding.level.name(), "message": finding.message,
                "found": finding.found, "allowed": finding.allowed, "source": finding.source,
            })
        });
        json!({
            "ok": self.ok(), "facts": self.facts.to_value(), "findings": findings.collect::<Vec<_>>(), "fix": self.fix,
        })
    }
}

/// Text as a shell takes it.
fn quoted(text: &str) -> String {
    let plain = |char: char| char.is_ascii_alphanumeric() || "-_=+:,./".contains(char);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}
