//! A request before it is signed: method, address, query, body, and who has to be authenticated.

use std::fmt;

use bytes::Bytes;

use super::command::Payload;
use crate::client::model::MediaId;
use crate::client::x_values::MediaType;

/// A request before it is signed.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method.
    pub method: http::Method,
    /// Scheme, host and path.
    pub url: String,
    /// The query's parameters, not encoded.
    pub query: Vec<(&'static str, String)>,
    /// The body.
    pub body: Body,
    /// Who has to be authenticated.
    pub authentication: Authentication,
}

/// Who has to be authenticated by a request.
#[derive(Clone)]
pub enum Authentication {
    /// The user, with the client's credentials.
    User,
    /// The app, with HTTP Basic.
    App {
        /// The app's id.
        client_id: String,
        /// Its secret.
        client_secret: String,
    },
    /// Nobody.
    None,
}

impl fmt::Debug for Authentication {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Authentication::User => "User",
            Authentication::App { .. } => "App(…)",
            Authentication::None => "None",
        })
    }
}

/// A request's body.
#[derive(Clone)]
pub enum Body {
    /// None at all (GET).
    Empty,
    /// `application/x-www-form-urlencoded`, signed by OAuth 1.0a.
    Form(Vec<(&'static str, String)>),
    /// `application/json`.
    Json(Bytes),
    /// `multipart/form-data`, parts in this order.
    Multipart(Vec<(&'static str, Part)>),
}

/// A part of a multipart body.
#[derive(Clone)]
pub enum Part {
    /// A parameter.
    Text(String),
    /// The file, sent as `application/octet-stream` with the file name `media` unless a MIME type is given.
    File {
        /// Its bytes.
        payload: Payload,
        /// Its MIME type.
        media_type: Option<MediaType>,
    },
}

impl Body {
    /// How many bytes it has that mean something: without the boundaries of a multipart body.
    pub fn size(&self) -> u64 {
        match self {
            Body::Empty => 0,
            Body::Form(fields) => fields.iter().map(|(name, value)| (name.len() + value.len() + 2) as u64).sum(),
            Body::Json(json) => json.len() as u64,
            Body::Multipart(parts) => parts.iter().map(|(_, part)| part.size()).sum(),
        }
    }
}

impl Part {
    fn size(&self) -> u64 {
        match self {
            Part::Text(text) => text.len() as u64,
            Part::File { payload, .. } => payload.len(),
        }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Body::Empty => "Empty",
            Body::Form(_) => "Form(…)",
            Body::Json(_) => "Json(…)",
            Body::Multipart(_) => "Multipart(…)",
        })
    }
}

/// Ids as one parameter.
pub(super) fn comma_separated(ids: &[MediaId]) -> String {
    ids.iter().map(MediaId::to_string).collect::<Vec<_>>().join(",")
}
