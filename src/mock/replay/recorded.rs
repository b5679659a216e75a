//! One recorded request: what it asked, and what became of it.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, StatusCode};

use crate::client::model::{ApiVersion, CommandName, MediaId};
use crate::mock::api::request::{Parameters, Route, command};

/// What a request is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) api: ApiVersion,
    pub(crate) command: CommandName,
    pub(crate) media_id: Option<MediaId>,
    /// Which segment, for APPEND.
    pub(crate) segment: Option<u16>,
}

/// A request as far as it decides which recorded one it is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Asked {
    pub(crate) key: Key,
    /// What distinguishes requests with the same key: the parameters of an INIT.
    pub(crate) details: Option<String>,
}

impl Asked {
    /// What a request asks; `None` for one that is not a command.
    pub(crate) fn of(route: &Route, parts: &Parts, parameters: &Parameters) -> Option<Self> {
        let command = match route {
            Route::V2Me => CommandName::Me,
            Route::V2Revoke => CommandName::Revoke,
            _ => command(route, &parts.method, parameters)?,
        };
        let media_id = match (command, route) {
            (CommandName::Init | CommandName::Simple, _) => None,
            (_, Route::V2Append(id) | Route::V2Finalize(id)) => MediaId::parse(id),
            _ => parameters.get("media_id").or(parameters.get("id")).and_then(MediaId::parse),
        };
        let segment = parameters.get("segment_index").and_then(|index| index.parse().ok());
        let segment = segment.filter(|_| command == CommandName::Append);
        let key = Key { api: route.api(parts.uri.path()), command, media_id, segment };
        Some(Asked { key, details: (command == CommandName::Init).then(|| init_details(parameters)) })
    }
}

fn init_details(parameters: &Parameters) -> String {
    let names = ["total_bytes", "media_type", "media_category"];
    names.map(|name| parameters.get(name).unwrap_or_default()).join(" ")
}

/// One recorded request and what became of it.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) asked: Asked,
    pub(crate) outcome: Outcome,
    pub(crate) started_at: SystemTime,
    /// From the request's start to its end.
    pub(crate) duration: Duration,
}

impl Entry {
    /// When its answer was complete.
    pub(crate) fn ended_at(&self) -> SystemTime {
        self.started_at.checked_add(self.duration).unwrap_or(self.started_at)
    }

    pub(super) fn is_refused(&self) -> bool {
        matches!(self.outcome, Outcome::Broken(Break::Refused))
    }
}

/// What became of a request.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    /// There was an answer.
    Answer { status: StatusCode, headers: HeaderMap, body: Bytes },
    /// There was none.
    Broken(Break),
}

/// How a request broke that got no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Break {
    /// The connection was reset.
    Reset,
    /// The connection was closed.
    Closed,
    /// The answer broke off.
    Cut,
    /// Nothing came within the client's time, or before it gave up.
    Timeout,
    /// There was no connection.
    Refused,
}
