//! Injects the faults that a test scripted.

use std::time::Instant;

use bytes::Bytes;
use http::{Response, StatusCode};

use crate::mock::net::body::ResponseBody;
use crate::mock::net::context::{ConnectionEnded, RequestContext};
use crate::mock::net::ending::Ending;
use crate::mock::script::{Fault, FaultKind};
use crate::mock::shared::{Control, InFlightGuard};

/// Injects a scripted fault; `response` is there if the command took effect.
pub(crate) async fn inject_fault(
    context: &RequestContext,
    fault: Fault,
    mut in_flight: InFlightGuard,
    response: Option<Response<Bytes>>,
) -> Result<Response<ResponseBody>, ConnectionEnded> {
    let response = response.unwrap_or_default();
    let ending = match fault.kind {
        FaultKind::Hang { .. } => return std::future::pending().await,
        FaultKind::Delay(delay) => {
            tokio::time::sleep(delay).await;
            return Ok(context.whole(response, in_flight));
        }
        FaultKind::Slow { bytes_per_second } => {
            return Ok(response.map(|body| ResponseBody::slow(body, bytes_per_second, in_flight)));
        }
        FaultKind::Endless => {
            let mut response = response.map(|_| ResponseBody::endless(in_flight));
            *response.status_mut() = StatusCode::OK;
            return Ok(response);
        }
        FaultKind::Reset { .. } => Ending::Reset,
        FaultKind::Close { .. } => Ending::Close,
        FaultKind::Refuse(time) => {
            // The receiver goes away only with the server itself.
            let _ = context.shared.control.send(Control::Down { until: Instant::now().checked_add(time), done: None });
            Ending::Reset
        }
        FaultKind::Garbage => Ending::Raw(b"\x00\xff\xfe\x16 this is no HTTP \r\n\r\n\x00".to_vec()),
        FaultKind::Cut { .. } if fault.in_body.is_some() => Ending::Close,
        FaultKind::Cut { at } => Ending::Raw(cut(&response, at)),
    };
    in_flight.finish();
    context.entry(|entry| entry.status = None);
    context.connection.end(ending);
    Err(ConnectionEnded)
}

/// The first bytes of a response: its head and so much of its body, always less than all of it.
fn cut(response: &Response<Bytes>, at: u64) -> Vec<u8> {
    let status = response.status();
    let reason = status.canonical_reason().unwrap_or_default();
    let mut bytes = format!("HTTP/1.1 {} {reason}\r\n", status.as_u16()).into_bytes();
    for (name, value) in response.headers() {
        bytes.extend_from_slice(name.as_str().as_bytes());
        bytes.extend_from_slice(b": ");
        bytes.extend_from_slice(value.as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }
    let body = response.body();
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
