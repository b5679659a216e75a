//! The bodies of responses: whole, slow or without an end.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::Sleep;

use crate::mock::shared::InFlightGuard;

/// A slow body is sent in so many pieces a second.
const PIECES_PER_SECOND: f64 = 20.0;

/// An endless body is made of these.
static ENDLESS_PIECE: [u8; 16 * 1024] = [b' '; 16 * 1024];

/// The body of a response. Once it was handed over whole the request is not under way any more.
pub(crate) struct ResponseBody {
    kind: Kind,
    in_flight: InFlightGuard,
}

enum Kind {
    Whole(Bytes),
    Slow { rest: Bytes, bytes_per_second: f64, pause: Option<Pin<Box<Sleep>>> },
    Endless,
}

impl ResponseBody {
    /// All at once.
    pub(crate) fn whole(bytes: Bytes, mut in_flight: InFlightGuard) -> Self {
        if bytes.is_empty() {
            in_flight.finish();
        }
        ResponseBody { kind: Kind::Whole(bytes), in_flight }
    }

    /// So many bytes a second.
    pub(crate) fn slow(rest: Bytes, bytes_per_second: f64, mut in_flight: InFlightGuard) -> Self {
        if rest.is_empty() {
            in_flight.finish();
        }
        ResponseBody { kind: Kind::Slow { rest, bytes_per_second, pause: None }, in_flight }
    }

    /// Without an end.
    pub(crate) fn endless(in_flight: InFlightGuard) -> Self {
        ResponseBody { kind: Kind::Endless, in_flight }
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let this = self.get_mut();
        let piece = match &mut this.kind {
            Kind::Whole(bytes) => std::mem::take(bytes),
            Kind::Endless => Bytes::from_static(&ENDLESS_PIECE),
            Kind::Slow { rest, bytes_per_second, pause } => {
                if rest.is_empty() {
                    return Poll::Ready(None);
                }
                let len = ((*bytes_per_second / PIECES_PER_SECOND) as usize).clamp(1, rest.len());
                let sleep =
                    pause.get_or_insert_with(|| Box::pin(tokio::time::sleep(transfer_time(len, *bytes_per_second))));
                std::task::ready!(sleep.as_mut().poll(context));
                *pause = None;
                rest.split_to(len)
            }
        };
        if this.is_end_stream() {
            this.in_flight.finish();
        }
        Poll::Ready((!piece.is_empty()).then_some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Whole(bytes) => bytes.is_empty(),
            Kind::Slow { rest, .. } => rest.is_empty(),
            Kind::Endless => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Kind::Slow { rest, .. } => SizeHint::with_exact(rest.len() as u64),
            Kind::Endless => SizeHint::default(),
        }
    }
}

/// How long so many bytes take.
pub(crate) fn transfer_time(len: usize, bytes_per_second: f64) -> Duration {
    Duration::try_from_secs_f64(len as f64 / bytes_per_second).unwrap_or(Duration::MAX)
}
