//! The commands of v1.1 (docs/how/wire.md#2-api-11): parameters in, one change of the state, its response out.

use std::time::Instant;

use serde_json::{Value, json};

use crate::client::model::{ApiVersion, CommandName};
use crate::mock::api::media_metadata;
use crate::mock::api::parameters::{
    additional_owners, body, id, language_code, media, required, subtitle, video_category,
};
use crate::mock::api::request::{Parameters, Route, upload_command};
use crate::mock::api::responses::{ApiResponse, ResponseKind, media_json};
use crate::mock::state::category::{Category, class_of};
use crate::mock::state::rejection::Rejection;
use crate::mock::state::server_state::State;
use crate::mock::state::upload::{Subtitle, UploadParameters};

const API: ApiVersion = ApiVersion::V1_1;

/// Responds to a request to one of v1.1's addresses.
pub(crate) fn response(
    state: &mut State,
    route: &Route,
    get: bool,
    parameters: &Parameters,
    now: Instant,
) -> Result<ApiResponse, Rejection> {
    match route {
        Route::V1Upload => upload(state, get, parameters, now),
        Route::V1Metadata => metadata(state, parameters, now),
        Route::V1Subtitles { delete } => subtitles(state, *delete, parameters, now),
        Route::V1Verify => Ok(ApiResponse::json(
            200,
            json!({"id": 1, "id_str": "1", "name": "Mock User", "screen_name": "mock_user"}).to_string(),
        )),
        _ => Err(Rejection::NoSuchPage),
    }
}

fn upload(state: &mut State, get: bool, parameters: &Parameters, now: Instant) -> Result<ApiResponse, Rejection> {
    let command = parameters.get("command").and_then(upload_command);
    match (command, get) {
        (Some(CommandName::Status), true) => {
            let id = required(parameters, "media_id")?;
            let upload = state.status(id, now)?;
            Ok(ApiResponse {
                media_id: Some(upload.id),
                ..ApiResponse::json(200, media_json(API, ResponseKind::Status, upload, now))
            })
        }
        (_, true) => Err(Rejection::NoSuchPage),
        (Some(CommandName::Init), false) => init(state, parameters, now),
        (Some(CommandName::Append), false) => append(state, parameters, now),
        (Some(CommandName::Finalize), false) => {
            let (upload, first) = state.finalize(required(parameters, "media_id")?, now)?;
            let response = ApiResponse::json(201, media_json(API, ResponseKind::Finalize, upload, now));
            Ok(ApiResponse { effect: first, ..response.effect(upload.id) })
        }
        // STATUS as POST and unknown commands are taken for simple uploads without media.
        _ => simple(state, parameters, now),
    }
}

fn init(state: &mut State, parameters: &Parameters, now: Instant) -> Result<ApiResponse, Rejection> {
    let total = required(parameters, "total_bytes")?;
    let total = total
        .parse()
        .map_err(|_| Rejection::invalid("total_bytes", total, "total_bytes must be a whole number of bytes."))?;
    let media_type = required(parameters, "media_type")?;
    let (media_type, class) = class_of(media_type).ok_or(Rejection::MediaTypeUnrecognized)?;
    let plan = UploadParameters {
        media_type: media_type.to_owned(),
        class,
        category: category(parameters)?,
        total,
        shared: parameters.get("shared") == Some("true"),
        additional_owners: additional_owners(parameters)?,
    };
    let upload = state.init(plan, now)?;
    Ok(ApiResponse::json(202, media_json(API, ResponseKind::Init, upload, now)).effect(upload.id))
}

fn append(state: &mut State, parameters: &Parameters, now: Instant) -> Result<ApiResponse, Rejection> {
    let id = required(parameters, "media_id")?;
    let index = required(parameters, "segment_index")?;
    let media = media(parameters)?;
    let upload = state.append(ApiVersion::V1_1, id, index, media, now)?;
    Ok(ApiResponse::empty(204).effect(upload.id))
}

fn simple(state: &mut State, parameters: &Parameters, now: Instant) -> Result<ApiResponse, Rejection> {
    let media = media(parameters)?;
    let declared = parameters.get("media_type").or(parameters.media_type.as_deref());
    let shared = parameters.get("shared") == Some("true");
    let upload = state.simple(media, declared, category(parameters)?, additional_owners(parameters)?, shared, now)?;
    Ok(ApiResponse::json(200, media_json(API, ResponseKind::Finalize, upload, now)).effect(upload.id))
}

fn metadata(state: &mut State, parameters: &Parameters, now: Instant) -> Result<ApiResponse, Rejection> {
    let body = body(parameters)?;
    let id = id(body, "media_id")?;
    let upload = state.set_metadata(&id, media_metadata::v1_1(body)?, now)?;
    Ok(ApiResponse::empty(204).effect(upload.id))
}

fn subtitles(state: &mut State, delete: bool, parameters: &Parameters, now: Instant) -> Result<ApiResponse, Rejection> {
    let body = body(parameters)?;
    let id = id(body, "media_id")?;
    video_category(body)?;
    let listed = body.pointer("/subtitle_info/subtitles").and_then(Value::as_array);
    let listed = listed.filter(|listed| !listed.is_empty()).ok_or(Rejection::Missing("subtitle_info"))?;
    let upload = if delete {
        let codes: Result<Vec<String>, Rejection> = listed.iter().map(language_code).collect();
        state.delete_subtitles(&id, &codes?, now)?
    } else {
        let added: Result<Vec<Subtitle>, Rejection> = listed.iter().map(|one| subtitle(one, "media_id")).collect();
        state.set_subtitles(&id, added?, now)?
    };
    Ok(ApiResponse::empty(204).effect(upload.id))
}

fn category(parameters: &Parameters) -> Result<Option<Category>, Rejection> {
    let Some(name) = parameters.get("media_category").filter(|name| !name.is_empty()) else { return Ok(None) };
    Category::v1_1(name)
        .map(Some)
        .ok_or_else(|| Rejection::invalid("media_category", name, format!("Invalid media_category: {name}")))
}
