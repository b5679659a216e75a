//! What goes wrong by order of a test.

use std::time::Instant;

use bytes::Bytes;
use http::{Response, StatusCode};

use crate::mock::net::body::Outgoing;
use crate::mock::net::context::{Broken, Call};
use crate::mock::net::ending::Ending;
use crate::mock::script::{Fault, FaultKind};
use crate::mock::shared::{Control, Underway};

/// Lets happen what a test ordered; `answer` is there if the command took effect.
pub(crate) async fn break_off(
    call: &Call,
    fault: Fault,
    mut underway: Underway,
    answer: Option<Response<Bytes>>,
) -> Result<Response<Outgoing>, Broken> {
    let answer = answer.unwrap_or_default();
    let ending = match fault.kind {
        FaultKind::Hang { .. } => return std::future::pending().await,
        FaultKind::Delay(delay) => {
            tokio::time::sleep(delay).await;
            return Ok(call.whole(answer, underway));
        }
        FaultKind::Slow { bytes_per_second } => {
            return Ok(answer.map(|body| Outgoing::slow(body, bytes_per_second, underway)));
        }
        FaultKind::Endless => {
            let mut response = answer.map(|_| Outgoing::endless(underway));
            *response.status_mut() = StatusCode::OK;
            return Ok(response);
        }
        FaultKind::Reset { .. } => Ending::Reset,
        FaultKind::Close { .. } => Ending::Close,
        FaultKind::Refuse(time) => {
            // The receiver goes away only with the server itcall.
            let _ = call.shared.control.send(Control::Down { until: Instant::now().checked_add(time), done: None });
            Ending::Reset
        }
        FaultKind::Garbage => Ending::Raw(b"\x00\xff\xfe\x16 this is no HTTP \r\n\r\n\x00".to_vec()),
        FaultKind::Cut { .. } if fault.in_body.is_some() => Ending::Close,
        FaultKind::Cut { at } => Ending::Raw(cut(&answer, at)),
    };
    underway.answered();
    call.entry(|entry| entry.status = None);
    call.line.end(ending);
    Err(Broken)
}

/// The first bytes of an answer: its head and so much of its body, always less than all of it.
fn cut(answer: &Response<Bytes>, at: u64) -> Vec<u8> {
    let status = answer.status();
    let reason = status.canonical_reason().unwrap_or_default();
    let mut bytes = format!("HTTP/1.1 {} {reason}\r\n", status.as_u16()).into_bytes();
    for (name, value) in answer.headers() {
        bytes.extend_from_slice(name.as_str().as_bytes());
        bytes.extend_from_slice(b": ");
        bytes.extend_from_slice(value.as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }
    let body = answer.body();
    match body.len().checked_sub(1) {
        // No body to cut: the head lacks its last line.
        None => {}
        Some(most) => {
            bytes.extend_from_slice(format!("content-length: {}\r\n\r\n", body.len()).as_bytes());
            let sent = usize::try_from(at).unwrap_or(usize::MAX).min(most);
            bytes.extend_from_slice(body.get(..sent).unwrap_or_default());
        }
    }
    bytes
}
