//! What METADATA may say of media (docs/how/wire.md#3-api-2), checked as X checks it.

use serde_json::{Map, Value};

use crate::client::x_limits::MAX_ALT_TEXT;
use crate::mock::state::rejection::Rejection;

/// What a member of an object has to be.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    Flag,
    Number,
    Texts,
    Object,
}

/// The objects that there are, and what is known of their members. X's document does not type the others.
const KNOWN: &[(&str, &[(&str, Kind)])] = &[
    ("alt_text", &[("text", Kind::Text)]),
    ("allow_download_status", &[("allow_download", Kind::Flag)]),
    ("sensitive_media_warning", &[]),
    ("domain_restrictions", &[("whitelist", Kind::Texts)]),
    ("content_expiration", &[("timestamp_sec", Kind::Number)]),
    ("found_media_origin", &[("provider", Kind::Text), ("id", Kind::Text)]),
    ("preview_image", &[("media_key", Kind::Object)]),
    ("upload_source", &[("upload_source", Kind::Text)]),
    ("sticker_info", &[]),
    ("geo_restrictions", &[]),
    ("audience_policy", &[]),
    ("management_info", &[("managed", Kind::Flag)]),
    ("shared_info", &[("shared", Kind::Flag)]),
];

/// What v2 takes: no object but those that it knows.
pub(crate) fn v2(metadata: &Value) -> Result<Map<String, Value>, Rejection> {
    let objects = metadata.as_object().ok_or(Rejection::Missing("metadata"))?;
    for (name, object) in objects {
        let Some((known, members)) = KNOWN.iter().find(|(known, _)| known == name) else {
            let message = format!("The property [{name}] is not defined and not allowed");
            return Err(Rejection::invalid("metadata", name, message));
        };
        check(known, members, object)?;
    }
    Ok(objects.clone())
}

/// What v1.1 takes: alt text and whether downloads are allowed, at least one of them. It minds nothing else.
pub(crate) fn v1_1(body: &Value) -> Result<Map<String, Value>, Rejection> {
    let mut said = Map::new();
    for (name, members) in KNOWN.iter().take(2) {
        if let Some(object) = body.get(name) {
            let object = with_flags(object);
            check(name, members, &object)?;
            said.insert((*name).to_owned(), object);
        }
    }
    if said.is_empty() { Err(Rejection::Missing("alt_text")) } else { Ok(said) }
}

/// X's own pages send v1.1 a flag as text.
fn with_flags(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(flag) = object.get_mut("allow_download") {
        match flag.as_str() {
            Some("true") => *flag = true.into(),
            Some("false") => *flag = false.into(),
            _ => {}
        }
    }
    object
}

fn check(name: &'static str, members: &[(&str, Kind)], object: &Value) -> Result<(), Rejection> {
    let refused = |what: &str| Err(Rejection::invalid(name, "", format!("{name}{what}")));
    if !object.is_object() {
        return refused(" must be an object.");
    }
    for (member, kind) in members {
        let value = object.get(member).unwrap_or(&Value::Null);
        let (fits, expected) = match kind {
            Kind::Text => (value.is_string(), "a string"),
            Kind::Flag => (value.is_boolean(), "a boolean"),
            Kind::Number => (value.is_number(), "a number"),
            Kind::Texts => {
                (value.as_array().is_some_and(|list| list.iter().all(Value::is_string)), "an array of strings")
            }
            Kind::Object => (value.is_object(), "an object"),
        };
        if !fits {
            return refused(&format!(".{member} must be {expected}."));
        }
    }
    let text = object.get("text").and_then(Value::as_str).unwrap_or_default();
    if name == "alt_text" && text.chars().count() > MAX_ALT_TEXT {
        return refused(&format!(".text must be at most {MAX_ALT_TEXT} characters."));
    }
    Ok(())
}
