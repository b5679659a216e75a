//! API 2 as docs/how/wire.md#3-api-2 documents it: a resource for each step.

use bytes::Bytes;
use http::Method;
use serde_json::{Map, Value, json};

use super::command::{Command, Grant, Init, Payload, Revocation, Simple, Subtitle, TokenRequest};
use super::request::{Authentication, Body, Part, Request, comma_separated};
use crate::client::config::Hosts;
use crate::client::x_values::SegmentIndex;

/// The request that says this command.
pub(super) fn encode(hosts: &Hosts, command: &Command) -> Request {
    match command {
        Command::Init(init) => post(hosts, "/2/media/upload/initialize", json_body(&initialize(init))),
        Command::Append { media_id, segment_index, media } => {
            post(hosts, &format!("/2/media/upload/{media_id}/append"), append(*segment_index, media))
        }
        Command::Finalize(media_id) => {
            // An empty body with a JSON type got 400, and so did forms: an empty object is what the service takes.
            post(hosts, &format!("/2/media/upload/{media_id}/finalize"), json_body(&json!({})))
        }
        Command::Status(media_id) => Request {
            method: Method::GET,
            // The document calls `command` optional, but without it the answer's state never changes.
            query: vec![("command", "STATUS".into()), ("media_id", media_id.to_string())],
            ..post(hosts, "/2/media/upload", Body::Empty)
        },
        Command::Simple(simple) => post(hosts, "/2/media/upload", one_shot(simple)),
        Command::Metadata { media_id, metadata } => post(
            hosts,
            "/2/media/metadata",
            json_body(&json!({"id": media_id.to_string(), "metadata": metadata.members()})),
        ),
        Command::SetSubtitles { media_id, media_category, subtitles } => post(
            hosts,
            "/2/media/subtitles",
            json_body(&json!({
                "id": media_id.to_string(),
                "media_category": media_category.as_str(),
                "subtitles": subtitles_value(subtitles),
            })),
        ),
        Command::DeleteSubtitles { media_id, media_category, language_code } => Request {
            method: Method::DELETE,
            ..post(
                hosts,
                "/2/media/subtitles",
                json_body(&json!({
                    "id": media_id.to_string(),
                    "media_category": media_category.as_str(),
                    "language_code": language_code,
                })),
            )
        },
        Command::Token(asked) => token(hosts, asked),
        Command::Revoke(revocation) => revoke(hosts, revocation),
        Command::Me => Request { method: Method::GET, ..post(hosts, "/2/users/me", Body::Empty) },
    }
}

/// Tokens, in exchange for something.
fn token(hosts: &Hosts, asked: &TokenRequest) -> Request {
    let mut form: Vec<(&str, String)> = match &asked.grant {
        Grant::Refresh(token) => {
            vec![("grant_type", "refresh_token".into()), ("refresh_token", token.clone())]
        }
        Grant::Code { code, redirect_uri, verifier } => vec![
            ("grant_type", "authorization_code".into()),
            ("code", code.clone()),
            ("redirect_uri", redirect_uri.clone()),
            ("code_verifier", verifier.clone()),
        ],
        Grant::OAuth1 { token, token_secret, scope } => {
            let mut form = vec![
                ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange".into()),
                ("subject_token", token.clone()),
                ("subject_token_type", "urn:x:params:oauth:token-type:oauth1_token".into()),
                ("oauth_token_secret", token_secret.clone()),
            ];
            form.extend(scope.clone().map(|scope| ("scope", scope)));
            form
        }
    };
    form.push(("client_id", asked.client_id.clone()));
    let authentication = app(&asked.client_id, asked.client_secret.as_deref());
    Request { authentication, ..post(hosts, "/2/oauth2/token", Body::Form(form)) }
}

fn revoke(hosts: &Hosts, revocation: &Revocation) -> Request {
    let form = vec![("token", revocation.token.clone()), ("client_id", revocation.client_id.clone())];
    let authentication = app(&revocation.client_id, revocation.client_secret.as_deref());
    Request { authentication, ..post(hosts, "/2/oauth2/revoke", Body::Form(form)) }
}

/// Confidential clients authenticate with their secret; public ones name themselves in the form.
fn app(client_id: &str, client_secret: Option<&str>) -> Authentication {
    client_secret.map_or(Authentication::None, |client_secret| Authentication::App {
        client_id: client_id.to_owned(),
        client_secret: client_secret.to_owned(),
    })
}

fn post(hosts: &Hosts, path: &str, body: Body) -> Request {
    Request {
        method: Method::POST,
        url: format!("{}{path}", hosts.api),
        query: Vec::new(),
        body,
        authentication: Authentication::User,
    }
}

fn json_body(value: &Value) -> Body {
    Body::Json(Bytes::from(value.to_string()))
}

/// The service refuses properties it does not know, so there is none but the documented ones.
fn initialize(init: &Init) -> Value {
    let mut properties = Map::new();
    properties.insert("total_bytes".into(), init.total_bytes.into());
    properties.insert("media_type".into(), init.media_type.as_str().into());
    if let Some(media_category) = &init.media_category {
        properties.insert("media_category".into(), media_category.as_str().into());
    }
    if !init.additional_owners.is_empty() {
        let owners = init.additional_owners.iter().map(|owner| Value::String(owner.to_string())).collect();
        properties.insert("additional_owners".into(), owners);
    }
    if init.shared {
        properties.insert("shared".into(), true.into());
    }
    Value::Object(properties)
}

fn append(segment_index: SegmentIndex, media: &Payload) -> Body {
    Body::Multipart(vec![
        ("segment_index", Part::Text(segment_index.get().to_string())),
        ("media", Part::File { payload: media.clone(), media_type: None }),
    ])
}

fn one_shot(simple: &Simple) -> Body {
    let mut parts = Vec::with_capacity(4);
    if let Some(media_category) = &simple.media_category {
        parts.push(("media_category", Part::Text(media_category.as_str().to_owned())));
    }
    if !simple.additional_owners.is_empty() {
        parts.push(("additional_owners", Part::Text(comma_separated(&simple.additional_owners))));
    }
    if simple.shared {
        parts.push(("shared", Part::Text("true".into())));
    }
    parts.push(("media", Part::File { payload: simple.media.clone(), media_type: simple.media_type.clone() }));
    Body::Multipart(parts)
}

/// v2 documents one subtitle a request, as an object. Several stand in an array, which only a server can judge.
fn subtitles_value(subtitles: &[Subtitle]) -> Value {
    let value = |subtitle: &Subtitle| {
        json!({
            "id": subtitle.media_id.to_string(),
            "language_code": subtitle.language_code,
            "display_name": subtitle.display_name,
        })
    };
    match subtitles {
        [only] => value(only),
        several => several.iter().map(value).collect(),
    }
}
