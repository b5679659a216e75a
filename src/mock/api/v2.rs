//! The resources of v2 (docs/how/wire.md#3-api-2), and its older form with a `command`.

use std::time::Instant;

use serde_json::{Map, Value, json};

use crate::client::model::{ApiVersion, CommandName};
use crate::client::x_limits::MAX_TOTAL_BYTES;
use crate::mock::api::media_metadata;
use crate::mock::api::parameters::{
    additional_owners, body, id, language_code, media, owners, required, subtitle, video_category,
};
use crate::mock::api::request::{Encoding, Parameters, Route, upload_command};
use crate::mock::api::responses::{ApiResponse, ResponseKind, media_json};
use crate::mock::state::category::{Category, MediaClass, class_of};
use crate::mock::state::rejection::Rejection;
use crate::mock::state::server_state::State;
use crate::mock::state::upload::{Subtitle, UploadParameters};

const API: ApiVersion = ApiVersion::V2;

/// Responds to a request to one of v2's addresses.
pub(crate) fn response(
    state: &mut State,
    route: &Route,
    get: bool,
    parameters: &Parameters,
    now: Instant,
) -> Result<ApiResponse, Rejection> {
    match route {
        Route::V2Initialize => initialize(state, parameters, now),
        Route::V2Append(id) => append(state, id, parameters, now),
        Route::V2Finalize(id) => {
            empty_object(parameters)?;
            finalize(state, id, now)
        }
        Route::V2Upload => upload(state, get, parameters, now),
        Route::V2Metadata => metadata(state, parameters, now),
        Route::V2Subtitles { delete: false } => add_subtitles(state, parameters, now),
        Route::V2Subtitles { delete: true } => delete_subtitles(state, parameters, now),
        _ => Err(Rejection::NoSuchPage),
    }
}

/// STATUS, the one-shot upload, and the form with a `command` that the resources replaced.
fn upload(state: &mut State, get: bool, parameters: &Parameters, now: Instant) -> Result<ApiResponse, Rejection> {
    let command = parameters.get("command");
    if get {
        return match command.map(upload_command) {
            None | Some(Some(CommandName::Status)) => status(state, required(parameters, "media_id")?, now),
            Some(_) => Err(unknown_command(command.unwrap_or_default())),
        };
    }
    match command.map(upload_command) {
        None => one_shot(state, parameters, now),
        Some(Some(CommandName::Init)) => {
            let total = required(parameters, "total_bytes")?;
            let total = total.parse().map_err(|_| total_bytes(total))?;
            let shared = parameters.get("shared") == Some("true");
            let owners = additional_owners(parameters)?;
            let media_type = required(parameters, "media_type")?;
            init(state, total, media_type, parameters.get("media_category"), owners, shared, now)
        }
        Some(Some(CommandName::Append)) => append(state, required(parameters, "media_id")?, parameters, now),
        Some(Some(CommandName::Finalize)) => finalize(state, required(parameters, "media_id")?, now),
        Some(_) => Err(unknown_command(command.unwrap_or_default())),
    }
}

fn unknown_command(command: &str) -> Rejection {
    Rejection::invalid("command", command, format!("The `command` query parameter value [{command}] is not valid"))
}

fn total_bytes(value: &str) -> Rejection {
    Rejection::invalid("total_bytes", value, format!("total_bytes must be an integer from 0 to {MAX_TOTAL_BYTES}"))
}

fn initialize(state: &mut State, parameters: &Parameters, now: Instant) -> Result<ApiResponse, Rejection> {
    json_only(parameters)?;
    let body = body(parameters)?;
    only(body, &["total_bytes", "media_type", "media_category", "additional_owners", "shared"])?;
    let total = match body.get("total_bytes") {
        None => return Err(Rejection::Missing("total_bytes")),
        Some(value) => {
            value.as_u64().filter(|total| *total <= MAX_TOTAL_BYTES).ok_or_else(|| total_bytes(&value.to_string()))?
        }
    };
    let text = |name: &'static str| match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str())),
        Some(other) => Err(Rejection::invalid(name, other.to_string(), format!("{name} must be a string"))),
    };
    let media_type = text("media_type")?.ok_or(Rejection::Missing("media_type"))?;
    let shared = match body.get("shared") {
        None | Some(Value::Null) => false,
        Some(Value::Bool(shared)) => *shared,
        Some(other) => return Err(Rejection::invalid("shared", other.to_string(), "shared must be a boolean")),
    };
    let owners = match body.get("additional_owners") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(list)) => {
            let named: Option<Vec<String>> = list.iter().map(|owner| owner.as_str().map(str::to_owned)).collect();
            owners(named.ok_or_else(owners_type)?)?
        }
        Some(_) => return Err(owners_type()),
    };
    init(state, total, media_type, text("media_category")?, owners, shared, now)
}

fn owners_type() -> Rejection {
    Rejection::invalid("additional_owners", "", "additional_owners must be an array of strings")
}

fn init(
    state: &mut State,
    total: u64,
    media_type: &str,
    media_category: Option<&str>,
    additional_owners: Vec<String>,
    shared: bool,
    now: Instant,
) -> Result<ApiResponse, Rejection> {
    let (media_type, class) = class_of(media_type).ok_or_else(|| {
        Rejection::invalid("media_type", media_type, format!("media_type [{media_type}] is not one of those allowed"))
    })?;
    let category = media_category.map(category).transpose()?;
    let plan =
        UploadParameters { media_type: media_type.to_owned(), class, category, total, shared, additional_owners };
    let upload = state.init(plan, now)?;
    Ok(ApiResponse::json(200, media_json(API, ResponseKind::Init, upload, now)).effect(upload.id))
}

fn category(name: &str) -> Result<Category, Rejection> {
    Category::v2(name).ok_or_else(|| {
        Rejection::invalid("media_category", name, format!("media_category [{name}] is not one of those allowed"))
    })
}

fn append(state: &mut State, id: &str, parameters: &Parameters, now: Instant) -> Result<ApiResponse, Rejection> {
    let index = required(parameters, "segment_index")?;
    let media = media(parameters)?;
    let expires_at = state.wall();
    let upload = state.append(ApiVersion::V2, id, index, media, now)?;
    let expires_at = expires_at + upload.remaining(now);
    let epoch = expires_at.duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    Ok(ApiResponse::json(200, json!({"data": {"expires_at": epoch}}).to_string()).effect(upload.id))
}

fn finalize(state: &mut State, id: &str, now: Instant) -> Result<ApiResponse, Rejection> {
    let (upload, first) = state.finalize(id, now)?;
    let response = ApiResponse::json(200, media_json(API, ResponseKind::Finalize, upload, now));
    Ok(ApiResponse { effect: first, ..response.effect(upload.id) })
}

fn status(state: &mut State, id: &str, now: Instant) -> Result<ApiResponse, Rejection> {
    let upload = state.status(id, now)?;
    Ok(ApiResponse {
        media_id: Some(upload.id),
        ..ApiResponse::json(200, media_json(API, ResponseKind::Status, upload, now))
    })
}

fn one_shot(state: &mut State, parameters: &Parameters, now: Instant) -> Result<ApiResponse, Rejection> {
    if let Some(body) = &parameters.json {
        only(body, &["media", "media_category", "media_type", "additional_owners", "shared"])?;
    }
    let media = media(parameters)?;
    let category = category(required(parameters, "media_category")?)?;
    if !matches!(category.class, MediaClass::Image | MediaClass::Subtitles) {
        let message = format!("media_category [{}] cannot be uploaded in one request", category.name);
        return Err(Rejection::invalid("media_category", category.name, message));
    }
    let declared = parameters.get("media_type").or(parameters.media_type.as_deref());
    let shared = parameters.get("shared") == Some("true");
    let owners = match parameters.json.as_ref().and_then(|body| body.get("additional_owners")) {
        Some(Value::Array(list)) => {
            owners(list.iter().map(|owner| owner.as_str().unwrap_or_default().to_owned()).collect())?
        }
        _ => additional_owners(parameters)?,
    };
    let upload = state.simple(media, declared, Some(category), owners, shared, now)?;
    Ok(ApiResponse::json(200, media_json(API, ResponseKind::Finalize, upload, now)).effect(upload.id))
}

fn metadata(state: &mut State, parameters: &Parameters, now: Instant) -> Result<ApiResponse, Rejection> {
    json_only(parameters)?;
    let body = body(parameters)?;
    only(body, &["id", "metadata"])?;
    let id = id(body, "id")?;
    let metadata = media_metadata::v2(body.get("metadata").unwrap_or(&Value::Null))?;
    let upload = state.set_metadata(&id, metadata, now)?;
    let shown = json!({"data": {"id": id, "associated_metadata": upload.metadata}});
    Ok(ApiResponse::json(200, shown.to_string()).effect(upload.id))
}

fn add_subtitles(state: &mut State, parameters: &Parameters, now: Instant) -> Result<ApiResponse, Rejection> {
    json_only(parameters)?;
    let body = body(parameters)?;
    only(body, &["id", "media_category", "subtitles"])?;
    let id = id(body, "id")?;
    video_category(body)?;
    let added: Vec<Subtitle> = match body.get("subtitles") {
        Some(Value::Array(list)) if !list.is_empty() => {
            list.iter().map(|one| subtitle(one, "id")).collect::<Result<_, _>>()?
        }
        Some(one @ Value::Object(_)) => vec![subtitle(one, "id")?],
        _ => return Err(Rejection::Missing("subtitles")),
    };
    let upload = state.set_subtitles(&id, added, now)?;
    let shown: Vec<Value> = upload.subtitles.iter().map(|known| {
        json!({"id": known.media_id, "language_code": known.language_code, "display_name": known.display_name})
    }).collect();
    let data = json!({"id": id, "media_category": body.get("media_category"), "associated_subtitles": shown});
    Ok(ApiResponse::json(200, json!({"data": data}).to_string()).effect(upload.id))
}

fn delete_subtitles(state: &mut State, parameters: &Parameters, now: Instant) -> Result<ApiResponse, Rejection> {
    json_only(parameters)?;
    let body = body(parameters)?;
    only(body, &["id", "media_category", "language_code"])?;
    let id = id(body, "id")?;
    video_category(body)?;
    let upload = state.delete_subtitles(&id, &[language_code(body)?], now)?;
    Ok(ApiResponse::json(200, json!({"data": {"deleted": true}}).to_string()).effect(upload.id))
}

/// A FINALIZE has no parameters but its path: `{}`, or nothing at all.
fn empty_object(parameters: &Parameters) -> Result<(), Rejection> {
    if parameters.encoding == Encoding::Empty {
        return Ok(());
    }
    json_only(parameters)?;
    only(body(parameters)?, &[])
}

/// The resources take no forms.
fn json_only(parameters: &Parameters) -> Result<(), Rejection> {
    match parameters.encoding {
        Encoding::Form | Encoding::Multipart | Encoding::Other => {
            Err(Rejection::BadBody("Requests with bodies must have content-type of application/json."))
        }
        Encoding::Empty | Encoding::Json => Ok(()),
    }
}

/// No property but these.
fn only(body: &Value, known: &[&'static str]) -> Result<(), Rejection> {
    let empty = Map::new();
    let fields = body.as_object().unwrap_or(&empty);
    match fields.keys().find(|name| !known.contains(&name.as_str())) {
        Some(name) => {
            Err(Rejection::invalid("body", name, format!("The property [{name}] is not defined and not allowed")))
        }
        None => Ok(()),
    }
}
