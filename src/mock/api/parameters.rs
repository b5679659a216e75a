//! The parameters of a request, checked: what both versions of the API have in common.

use serde_json::Value;

use crate::client::model::MediaId;
use crate::client::x_limits::MAX_OWNERS;
use crate::mock::api::request::Parameters;
use crate::mock::state::category::Category;
use crate::mock::state::rejection::Rejection;
use crate::mock::state::upload::Subtitle;

/// A parameter that has to be there.
pub(crate) fn required<'a>(parameters: &'a Parameters, name: &'static str) -> Result<&'a str, Rejection> {
    parameters.get(name).filter(|value| !value.is_empty()).ok_or(Rejection::Missing(name))
}

/// The media that has to be there.
pub(crate) fn media(parameters: &Parameters) -> Result<bytes::Bytes, Rejection> {
    match &parameters.media {
        _ if parameters.bad_media => Err(Rejection::invalid("media", "", "The media is not valid base64.")),
        Some(media) => Ok(media.clone()),
        None => Err(Rejection::Missing("media")),
    }
}

/// The comma-separated owners.
pub(crate) fn additional_owners(parameters: &Parameters) -> Result<Vec<String>, Rejection> {
    let text = parameters.get("additional_owners").unwrap_or_default();
    owners(text.split(',').map(str::trim).filter(|owner| !owner.is_empty()).map(str::to_owned).collect())
}

/// The comma-separated or listed owners, at most 100, each a number.
pub(crate) fn owners(named: Vec<String>) -> Result<Vec<String>, Rejection> {
    if named.len() > MAX_OWNERS {
        return Err(Rejection::invalid("additional_owners", "", "additional_owners may name at most 100 users."));
    }
    match named.iter().find(|owner| MediaId::parse(owner).is_none()) {
        Some(owner) => Err(Rejection::invalid("additional_owners", owner, "additional_owners must be user ids.")),
        None => Ok(named),
    }
}

/// The body, which has to be a JSON object.
pub(crate) fn body(parameters: &Parameters) -> Result<&Value, Rejection> {
    match &parameters.json {
        Some(body) if body.is_object() => Ok(body),
        Some(_) => Err(Rejection::BadBody("Request body must be a JSON object.")),
        None => Err(Rejection::BadBody("Request body is not valid JSON.")),
    }
}

/// An id, which clients send as text and as number.
pub(crate) fn id(body: &Value, name: &'static str) -> Result<String, Rejection> {
    match body.get(name) {
        Some(Value::String(text)) => Ok(text.clone()),
        Some(Value::Number(number)) => Ok(number.to_string()),
        _ => Err(Rejection::Missing(name)),
    }
}

/// Subtitles belong to videos only.
pub(crate) fn video_category(body: &Value) -> Result<(), Rejection> {
    let name = body.get("media_category").and_then(Value::as_str).ok_or(Rejection::Missing("media_category"))?;
    let known = Category::v1_1(name).filter(|category| matches!(category.name, "tweet_video" | "amplify_video"));
    known
        .map(|_| ())
        .ok_or_else(|| Rejection::invalid("media_category", name, "media_category must be TweetVideo or AmplifyVideo."))
}

/// A language's code, in capitals.
pub(crate) fn language_code(of: &Value) -> Result<String, Rejection> {
    let code = of.get("language_code").and_then(Value::as_str).ok_or(Rejection::Missing("language_code"))?;
    let letters = code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_alphabetic());
    if !letters {
        return Err(Rejection::invalid("language_code", code, "language_code must be two letters."));
    }
    Ok(code.to_ascii_uppercase())
}

/// One language's subtitles.
pub(crate) fn subtitle(of: &Value, id_name: &'static str) -> Result<Subtitle, Rejection> {
    let display_name = of.get("display_name").and_then(Value::as_str).ok_or(Rejection::Missing("display_name"))?;
    Ok(Subtitle {
        media_id: id(of, id_name)?,
        language_code: language_code(of)?,
        display_name: display_name.to_owned(),
    })
}
