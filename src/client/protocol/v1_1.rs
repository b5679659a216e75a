//! API 1.1 as docs/how/wire.md#2-api-11 documents it: one address for media, and a `command`.

use bytes::Bytes;
use http::Method;
use serde_json::json;

use super::command::{Command, Init, Payload, Simple, Subtitle};
use super::request::{Authentication, Body, Part, Request, comma_separated};
use super::v2;
use crate::client::config::Hosts;
use crate::client::model::MediaId;
use crate::client::x_values::{MediaCategory, SegmentIndex};

/// The request that says this command.
pub(super) fn encode(hosts: &Hosts, command: &Command) -> Request {
    match command {
        Command::Init(init) => upload(hosts, Body::Form(initialize(init))),
        Command::Append { media_id, segment_index, media } => {
            upload(hosts, Body::Multipart(append(*media_id, *segment_index, media)))
        }
        Command::Finalize(media_id) => {
            upload(hosts, Body::Form(vec![("command", "FINALIZE".into()), ("media_id", media_id.to_string())]))
        }
        Command::Status(media_id) => Request {
            // Sent as POST it is answered with code 38, "media parameter is missing."
            method: Method::GET,
            query: vec![("command", "STATUS".into()), ("media_id", media_id.to_string())],
            ..upload(hosts, Body::Empty)
        },
        Command::Simple(simple) => upload(hosts, Body::Multipart(one_shot(simple))),
        Command::Metadata { media_id, metadata } => {
            let mut body = metadata.members();
            body.insert("media_id".into(), media_id.to_string().into());
            json_post(format!("{}/1.1/media/metadata/create.json", hosts.upload), &body.into())
        }
        Command::SetSubtitles { media_id, media_category, subtitles } => json_post(
            format!("{}/1.1/media/subtitles/create.json", hosts.upload),
            &json!({
                "media_id": media_id.to_string(),
                "media_category": media_category.as_str(),
                "subtitle_info": {"subtitles": subtitles.iter().map(subtitle).collect::<Vec<_>>()},
            }),
        ),
        Command::DeleteSubtitles { media_id, media_category, language_code } => json_post(
            format!("{}/1.1/media/subtitles/delete.json", hosts.upload),
            &json!({
                "media_id": media_id.to_string(),
                "media_category": media_category.as_str(),
                "subtitle_info": {"subtitles": [{"language_code": language_code}]},
            }),
        ),
        Command::Token(_) | Command::Revoke(_) | Command::Me => v2::encode(hosts, command),
    }
}

fn upload(hosts: &Hosts, body: Body) -> Request {
    Request {
        method: Method::POST,
        url: format!("{}/1.1/media/upload.json", hosts.upload),
        query: Vec::new(),
        body,
        authentication: Authentication::User,
    }
}

fn initialize(init: &Init) -> Vec<(&'static str, String)> {
    let mut form = vec![
        ("command", "INIT".into()),
        ("total_bytes", init.total_bytes.to_string()),
        ("media_type", init.media_type.as_str().to_owned()),
    ];
    form.extend(options(init.media_category.as_ref(), &init.additional_owners, init.shared));
    form
}

fn append(media_id: MediaId, segment_index: SegmentIndex, media: &Payload) -> Vec<(&'static str, Part)> {
    vec![
        ("command", Part::Text("APPEND".into())),
        ("media_id", Part::Text(media_id.to_string())),
        ("segment_index", Part::Text(segment_index.get().to_string())),
        ("media", Part::File { payload: media.clone(), media_type: None }),
    ]
}

fn one_shot(simple: &Simple) -> Vec<(&'static str, Part)> {
    options(simple.media_category.as_ref(), &simple.additional_owners, simple.shared)
        .map(|(name, value)| (name, Part::Text(value)))
        .chain([("media", Part::File { payload: simple.media.clone(), media_type: simple.media_type.clone() })])
        .collect()
}

/// The parameters that are sent only when they were given.
fn options(
    media_category: Option<&MediaCategory>,
    additional_owners: &[MediaId],
    shared: bool,
) -> impl Iterator<Item = (&'static str, String)> {
    let owners = (!additional_owners.is_empty()).then(|| comma_separated(additional_owners));
    let category = media_category.map(|category| ("media_category", category.as_str().to_owned()));
    category
        .into_iter()
        .chain(owners.map(|owners| ("additional_owners", owners)))
        .chain(shared.then(|| ("shared", "true".to_owned())))
}

fn subtitle(subtitle: &Subtitle) -> serde_json::Value {
    json!({
        "media_id": subtitle.media_id.to_string(),
        "language_code": subtitle.language_code,
        "display_name": subtitle.display_name,
    })
}

fn json_post(url: String, body: &serde_json::Value) -> Request {
    Request {
        method: Method::POST,
        url,
        query: Vec::new(),
        body: Body::Json(Bytes::from(body.to_string())),
        authentication: Authentication::User,
    }
}
