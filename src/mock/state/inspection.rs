//! What X's processing finds in a file: the rules that a client checks beforehand, applied to what was sent.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::client::category::AccountTier;
use crate::client::inspect::{CheckOptions, ReadBytes, check};
use crate::mock::options::Step;

/// The segments of an upload, in order.
struct Segments(Vec<Bytes>);

impl ReadBytes for Segments {
    fn total_bytes(&self) -> u64 {
        self.0.iter().map(|segment| segment.len() as u64).sum()
    }

    fn read_some(&mut self, mut offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        for segment in &self.0 {
            let len = segment.len() as u64;
            if offset < len {
                return (&**segment).read_some(offset, buffer);
            }
            offset -= len;
        }
        Ok(0)
    }
}

/// The steps of processing after a look at what was sent: where X refuses it, it fails in place of succeeding.
pub(crate) fn judged(steps: &Arc<[Step]>, segments: Vec<Bytes>, category: &str, account: AccountTier) -> Arc<[Step]> {
    let options = CheckOptions { media_category: Some(category.to_owned()), account: Some(account) };
    let report = check(&mut Segments(segments), None, &options);
    let Some((code, name, message)) =
        report.ok().and_then(|report| report.errors().next().map(|finding| finding.refusal))
    else {
        return Arc::clone(steps);
    };
    let mut error = Map::from_iter([("code".to_owned(), code.into()), ("name".to_owned(), name.into())]);
    if let Some(message) = message {
        error.insert("message".to_owned(), message.into());
    }
    let info = json!({"state": "failed", "progress_percent": 12, "error": Value::Object(error)});
    let failed = || Step::given("failed", info.to_string(), Duration::ZERO);
    let mut judged: Vec<Step> = steps.iter().take_while(|step| step.state != "succeeded").cloned().collect();
    if judged.last().is_none_or(|last| last.state != "failed") {
        judged.push(failed());
    }
    judged.into()
}
