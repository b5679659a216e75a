//! The server of a run: what it knows, and how it answers for each outcome that is chosen.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use serde_json::{Value, json};
use xmedia::client::TransportFailure;
use xmedia::client::error::{Error, Kind};
use xmedia::client::protocol::{Body, Request, Response};

use crate::protocol::decode::ID;

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Outcome {
    /// The server's honest answer.
    Truth,
    /// No connection is made.
    Refused,
    /// The connection breaks; after the command took effect, or before.
    Reset { after: bool },
    /// A connection that was used before breaks.
    Stale { after: bool },
    /// Nothing comes back; the command took effect.
    Hang,
    /// This status.
    Status(u16),
    /// This status, and the command took effect all the same.
    StatusAfter(u16),
    /// 429 that passes after two seconds.
    Limited,
    /// 429 that passes after the deadline.
    LimitedFar,
    /// A success that nobody can read; the command took effect.
    Unreadable,
    /// A success about other media; the command took effect.
    WrongId,
    /// A success that says nothing of processing.
    Hollow,
    /// A success with this processing info.
    Processing(Info),
}

/// Processing as STATUS reports it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Info {
    /// Asks to come back in a second.
    Soon,
    /// Asks to come back tomorrow.
    Tomorrow,
    /// Names no pace.
    NoPace,
    /// A state that nobody knows.
    Unknown,
    /// Ready.
    Succeeded,
    /// Not usable.
    Failed,
    /// Goes on for ever, with an error.
    Zombie,
}

impl Info {
    pub(super) fn json(self) -> Value {
        match self {
            Info::Soon => json!({"state": "in_progress", "check_after_secs": 1}),
            Info::Tomorrow => json!({"state": "in_progress", "check_after_secs": 86_400}),
            Info::NoPace => json!({"state": "pending"}),
            Info::Unknown => json!({"state": "a new word", "check_after_secs": 0}),
            Info::Succeeded => json!({"state": "succeeded", "progress_percent": 100}),
            Info::Failed => json!({"state": "failed"}),
            Info::Zombie => json!({"state": "in_progress", "progress_percent": 99, "error": {}}),
        }
    }
}

/// A request as the server saw it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) command: &'static str,
    pub(super) outcome: Outcome,
    /// What the answer's body was, for a [`Outcome::Truth`].
    pub(super) known: bool,
    pub(super) at: Duration,
}

/// What the server is and what became of it.
#[derive(Clone, Debug)]
pub(super) struct World {
    /// FINALIZE is followed by processing.
    pub(super) asynchronous: bool,
    /// A second FINALIZE is refused.
    pub(super) refuses_second: bool,
    pub(super) finalized: bool,
    pub(super) steps: Vec<Step>,
    /// What may happen to a command.
    pub(super) outcomes: fn(&str) -> &'static [Outcome],
}

impl World {
    pub(super) fn new(outcomes: fn(&str) -> &'static [Outcome]) -> World {
        World { asynchronous: true, refuses_second: false, finalized: false, steps: Vec::new(), outcomes }
    }

    /// Lets the command take effect if that is to be, and answers; `None` is silence.
    pub(super) fn reply(
        &mut self,
        command: &str,
        outcome: Outcome,
    ) -> (bool, Option<Result<Response, TransportFailure>>) {
        let twice = command == "FINALIZE" && self.finalized;
        let takes_effect = matches!(
            outcome,
            Outcome::Truth
                | Outcome::Reset { after: true }
                | Outcome::Stale { after: true }
                | Outcome::Hang
                | Outcome::StatusAfter(_)
                | Outcome::Unreadable
                | Outcome::WrongId
        );
        if command == "FINALIZE" && takes_effect {
            self.finalized = true;
        }
        let known = match command {
            "STATUS" => self.finalized && self.asynchronous,
            "FINALIZE" => !(twice && self.refuses_second),
            _ => true,
        };
        let broken = |connect, reused| {
            Some(Err(TransportFailure {
                error: Error::new(Kind::Transport { connect }, "the connection broke"),
                reused,
            }))
        };
        let reply = match outcome {
            Outcome::Truth if !known => status(if command == "STATUS" { 404 } else { 400 }, &[]),
            Outcome::Truth => {
                let info = (self.asynchronous && command != "INIT").then_some(Info::Soon);
                success(ID, info)
            }
            Outcome::Refused => broken(true, false),
            Outcome::Reset { .. } => broken(false, false),
            Outcome::Stale { .. } => broken(false, true),
            Outcome::Hang => None,
            Outcome::Status(code) | Outcome::StatusAfter(code) => status(code, &[]),
            Outcome::Limited => status(429, &[("retry-after", "2")]),
            Outcome::LimitedFar => status(429, &[("retry-after", "100000")]),
            Outcome::Unreadable => Some(Ok(response(201, b"<html>", &[]))),
            Outcome::WrongId => success(ID + 1, None),
            Outcome::Hollow => success(ID, None),
            Outcome::Processing(info) => success(ID, Some(info)),
        };
        (known, reply)
    }
}

pub(super) fn command(request: &Request) -> &'static str {
    let named = |pairs: &[(&str, String)]| pairs.iter().find(|(name, _)| *name == "command").map(|(_, it)| it.clone());
    let name = match &request.body {
        Body::Form(fields) => named(fields),
        Body::Multipart(_) => Some("APPEND".to_owned()),
        _ => named(&request.query),
    };
    ["INIT", "APPEND", "FINALIZE", "STATUS"].into_iter().find(|known| name.as_deref() == Some(*known)).unwrap()
}

pub(super) fn response(status: u16, body: &[u8], headers: &[(&'static str, &'static str)]) -> Response {
    let headers: HeaderMap =
        headers.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value))).collect();
    let body = Bytes::copy_from_slice(body);
    Response { status, headers, body, truncated: false, received_at: SystemTime::now() }
}

pub(super) fn status(
    status: u16,
    headers: &[(&'static str, &'static str)],
) -> Option<Result<Response, TransportFailure>> {
    Some(Ok(response(status, b"", headers)))
}

pub(super) fn success(id: u64, info: Option<Info>) -> Option<Result<Response, TransportFailure>> {
    let mut body = json!({"media_id": id, "media_id_string": id.to_string()});
    if let Some(info) = info {
        body["processing_info"] = info.json();
    }
    Some(Ok(response(200, body.to_string().as_bytes(), &[])))
}
