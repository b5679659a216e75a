//! The check of a file before it is uploaded: what X would refuse is said before a byte is sent.

use std::sync::Arc;
use std::time::Duration;

use super::body::UploadBody;
use super::detect::DetectedMedia;
use super::options::UploadOptions;
use crate::client::config::{CheckMode, Options};
use crate::client::error::{Error, Kind, Result};
use crate::client::inspect::{self, CheckOptions, Report, explanation};
use crate::client::observer::{Observer, Phase, Progress};
use crate::system::blocking::blocking;

/// A check that takes no longer is not reported: it is over before anybody would read that.
const MIN_REPORTED_DURATION: Duration = Duration::from_millis(100);

/// Looks at the file, and warns of what X refuses or refuses it, as the options say.
pub(super) async fn check(
    (body, total_bytes): (&UploadBody, u64),
    name: Option<&str>,
    detected: &DetectedMedia,
    (options, client): (&UploadOptions, &Options),
    observer: &dyn Observer,
) -> Result<Option<Box<Report>>> {
    let mode = options.check.unwrap_or(client.check);
    if mode == CheckMode::Off {
        return Ok(None);
    }
    let account = options.account.or(client.account);
    let wanted = CheckOptions { media_category: Some(detected.media_category.as_str().to_owned()), account };
    let report = look((body, total_bytes), name, wanted, observer).await?;
    let trouble = report.as_ref().and_then(|report| report.summary(name));
    if let Some(text) = trouble.clone().filter(|_| mode == CheckMode::Error) {
        let mut error = Error::new(Kind::CheckFailed, text);
        error.report = report.map(|report| report.to_value().to_string().into());
        return Err(error);
    }
    detected.check_limits(total_bytes, account, observer)?;
    if let Some(text) = trouble {
        observer.warn_of_media(text).await?;
    }
    Ok(report)
}

/// The report, unless the bytes come once or cannot be read; what is wrong with them will show as they are sent.
async fn look(
    (body, total_bytes): (&UploadBody, u64),
    name: Option<&str>,
    options: CheckOptions,
    observer: &dyn Observer,
) -> Result<Option<Box<Report>>> {
    let UploadBody::Sized(reader) = body else { return Ok(None) };
    let Some(mut bytes) = Arc::clone(reader).inspectable() else { return Ok(None) };
    let name = name.map(str::to_owned);
    let mut looking = std::pin::pin!(blocking(move || inspect::check(&mut *bytes, name.as_deref(), &options)));
    let report = match tokio::time::timeout(MIN_REPORTED_DURATION, &mut looking).await {
        Ok(report) => report,
        Err(_) => {
            observer.progress(under_way(total_bytes)).await?;
            looking.await
        }
    };
    Ok(report.ok().map(Box::new))
}

fn under_way(total_bytes: u64) -> Progress {
    Progress {
        phase: Phase::Check,
        bytes_sent: Some(0),
        total_bytes: Some(total_bytes),
        segments_done: None,
        segments_total: None,
        processing_info: None,
        elapsed: Duration::ZERO,
        pause: None,
    }
}

/// The failure of processing with what the check found, which explains it better than X does.
pub(super) fn explained(mut error: Error, report: Option<&Report>) -> Error {
    let Some(report) = report.filter(|_| matches!(error.kind, Kind::Processing(_))) else { return error };
    if let Some(finding) = explanation(&report.findings) {
        error.message = format!("{}; the file says why: {}", error.message, finding.message);
        if let Some(fix) = report.fix_text() {
            error.message.push_str(&format!("; to fix it: {fix}"));
        }
    }
    error.report = Some(report.to_value().to_string().into());
    error
}
