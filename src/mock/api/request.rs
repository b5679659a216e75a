//! What came in: which command a request is, with which parameters and media.

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderMap, Method};
use serde_json::Value;

use crate::client::model::{ApiVersion, CommandName};
use crate::mock::api::multipart;

/// An address of the API.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Route {
    /// `/1.1/media/upload.json`
    V1Upload,
    /// `/1.1/media/metadata/create.json`
    V1Metadata,
    /// `/1.1/media/subtitles/create.json`, or `/delete.json`
    V1Subtitles { delete: bool },
    /// `/1.1/account/verify_credentials.json`
    V1Verify,
    /// `/2/media/upload`: STATUS, one-shot uploads and the older `command=` form
    V2Upload,
    /// `/2/media/upload/initialize`
    V2Initialize,
    /// `/2/media/upload/{id}/append`
    V2Append(String),
    /// `/2/media/upload/{id}/finalize`
    V2Finalize(String),
    /// `/2/media/metadata`
    V2Metadata,
    /// `/2/media/subtitles`
    V2Subtitles { delete: bool },
    /// `/2/oauth2/token`
    V2Token,
    /// `/2/oauth2/revoke`
    V2Revoke,
    /// `/2/users/me`
    V2Me,
    /// `/i/oauth2/authorize`, the page that a browser is sent to
    Authorize,
    /// `/__media`, the server's own table
    MediaTable,
    /// Anything else.
    Unknown,
}

impl Route {
    /// The address that a request is sent to.
    pub(crate) fn of(method: &Method, path: &str) -> Self {
        let post = method == Method::POST;
        let get = method == Method::GET;
        match path {
            "/1.1/media/upload.json" if post || get => Route::V1Upload,
            "/1.1/media/metadata/create.json" if post => Route::V1Metadata,
            "/1.1/media/subtitles/create.json" if post => Route::V1Subtitles { delete: false },
            "/1.1/media/subtitles/delete.json" if post => Route::V1Subtitles { delete: true },
            "/1.1/account/verify_credentials.json" if get => Route::V1Verify,
            "/2/media/upload" if post || get => Route::V2Upload,
            "/2/media/upload/initialize" if post => Route::V2Initialize,
            "/2/media/metadata" if post => Route::V2Metadata,
            "/2/media/subtitles" if post => Route::V2Subtitles { delete: false },
            "/2/media/subtitles" if method == Method::DELETE => Route::V2Subtitles { delete: true },
            "/2/oauth2/token" if post => Route::V2Token,
            "/2/oauth2/revoke" if post => Route::V2Revoke,
            "/2/users/me" if get => Route::V2Me,
            "/i/oauth2/authorize" if get => Route::Authorize,
            "/__media" if get => Route::MediaTable,
            _ => path.strip_prefix("/2/media/upload/").filter(|_| post).map_or(Route::Unknown, Route::of_upload),
        }
    }

    fn of_upload(rest: &str) -> Self {
        match rest.split_once('/') {
            Some((id, "append")) => Route::V2Append(id.to_owned()),
            Some((id, "finalize")) => Route::V2Finalize(id.to_owned()),
            _ => Route::Unknown,
        }
    }

    /// The version whose responses belong to it.
    pub(crate) fn api(&self, path: &str) -> ApiVersion {
        match self {
            Route::V1Upload | Route::V1Metadata | Route::V1Subtitles { .. } | Route::V1Verify => ApiVersion::V1_1,
            Route::Unknown if path.starts_with("/1.1/") => ApiVersion::V1_1,
            _ => ApiVersion::V2,
        }
    }

    /// The command, where the address alone says it.
    pub(crate) fn command(&self, method: &Method) -> Option<CommandName> {
        match self {
            Route::V2Initialize => Some(CommandName::Init),
            Route::V2Append(_) => Some(CommandName::Append),
            Route::V2Finalize(_) => Some(CommandName::Finalize),
            Route::V1Metadata | Route::V2Metadata => Some(CommandName::Metadata),
            Route::V1Subtitles { .. } | Route::V2Subtitles { .. } => Some(CommandName::Subtitles),
            Route::V2Token => Some(CommandName::Token),
            Route::V1Upload | Route::V2Upload if method == Method::GET => Some(CommandName::Status),
            Route::V1Upload | Route::V2Upload | Route::V1Verify => None,
            Route::V2Revoke | Route::V2Me | Route::Authorize | Route::MediaTable | Route::Unknown => None,
        }
    }

    /// Whether the command is a parameter here.
    pub(crate) fn has_command_parameter(&self) -> bool {
        matches!(self, Route::V1Upload | Route::V2Upload)
    }
}

/// How a body is written.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) enum Encoding {
    /// There is none.
    #[default]
    Empty,
    /// `application/x-www-form-urlencoded`
    Form,
    /// `multipart/form-data`
    Multipart,
    /// JSON, whether it says so or not
    Json,
    /// Something else.
    Other,
}

/// What a request says.
#[derive(Debug, Default)]
pub(crate) struct Parameters {
    /// The query's pairs, then the body's text parameters.
    pub(crate) pairs: Vec<(String, String)>,
    /// How many of them are the query's.
    pub(crate) from_query: usize,
    /// How the body was written.
    pub(crate) encoding: Encoding,
    /// The body as JSON, if it is.
    pub(crate) json: Option<Value>,
    /// The media's bytes.
    pub(crate) media: Option<Bytes>,
    /// The type that a part with media says it is.
    pub(crate) media_type: Option<String>,
    /// There was media, but it was not valid base64.
    pub(crate) bad_media: bool,
    /// Media in a form: signed like any other parameter, but not shown in the request log.
    media_fields: Vec<(String, String)>,
}

impl Parameters {
    /// Reads query and body.
    pub(crate) fn read(parts: &Parts, body: &Bytes) -> Self {
        let pairs = form_pairs(parts.uri.query().unwrap_or_default());
        let mut parameters = Parameters { from_query: pairs.len(), pairs, ..Parameters::default() };
        if !body.is_empty() {
            parameters.read_body(&parts.headers, body);
        }
        // Short media may stand in the query, too.
        let from_query = parameters.get("media_data").map(str::to_owned);
        if let (None, Some(text)) = (&parameters.media, from_query) {
            parameters.set_base64(text.as_bytes());
        }
        parameters
    }

    fn read_body(&mut self, headers: &HeaderMap, body: &Bytes) {
        let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match kind.as_str() {
            "multipart/form-data" => {
                self.encoding = Encoding::Multipart;
                if let Some(boundary) = multipart::boundary(content_type) {
                    self.read_parts(multipart::parts(body, &boundary));
                }
            }
            "application/x-www-form-urlencoded" => self.read_form(body),
            "application/json" => self.read_json(body),
            // x that send JSON, or a form, without a content type.
            _ if body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{') => self.read_json(body),
            "" => self.read_form(body),
            _ => self.encoding = Encoding::Other,
        }
    }

    fn read_form(&mut self, body: &Bytes) {
        self.encoding = Encoding::Form;
        for (name, value) in url::form_urlencoded::parse(body).into_owned() {
            match name.as_str() {
                "media_data" | "media" => {
                    self.set_base64(value.as_bytes());
                    self.media_fields.push((name, value));
                }
                _ => self.pairs.push((name, value)),
            }
        }
    }

    fn read_parts(&mut self, parts: Vec<multipart::Part>) {
        for part in parts {
            match part.name.as_str() {
                "media" => {
                    self.media = Some(part.data);
                    self.media_type = part.content_type;
                }
                "media_data" => self.set_base64(&part.data),
                _ => self.pairs.push((part.name, String::from_utf8_lossy(&part.data).into_owned())),
            }
        }
    }

    fn read_json(&mut self, body: &Bytes) {
        self.encoding = Encoding::Json;
        let Ok(mut value) = serde_json::from_slice::<Value>(body) else { return };
        if let Value::Object(fields) = &mut value {
            for name in ["media", "media_data"] {
                if let Some(media) = fields.remove(name) {
                    self.set_base64(media.as_str().unwrap_or("\0").as_bytes());
                }
            }
            for (name, value) in fields.iter() {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                self.pairs.push((name.clone(), text));
            }
        }
        self.json = Some(value);
    }

    fn set_base64(&mut self, text: &[u8]) {
        // A `+` that was not encoded in a form came out as a blank; line ends mean nothing.
        let text: Vec<u8> = text
            .iter()
            .filter(|byte| !matches!(byte, b'\r' | b'\n'))
            .map(|byte| if *byte == b' ' { b'+' } else { *byte })
            .collect();
        match LENIENT_BASE64.decode(text) {
            Ok(media) => self.media = Some(media.into()),
            Err(_) => self.bad_media = true,
        }
    }

    /// The first value with this name.
    pub(crate) fn get(&self, wanted: &str) -> Option<&str> {
        self.pairs.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str())
    }

    /// The query's pairs.
    pub(crate) fn query(&self) -> &[(String, String)] {
        self.pairs.get(..self.from_query).unwrap_or_default()
    }

    /// The body's text parameters.
    pub(crate) fn form(&self) -> &[(String, String)] {
        self.pairs.get(self.from_query..).unwrap_or_default()
    }

    /// Those of them that OAuth 1.0a signs.
    pub(crate) fn signed_form(&self) -> Vec<(String, String)> {
        if self.encoding == Encoding::Form { [self.form(), &self.media_fields].concat() } else { Vec::new() }
    }
}

/// With or without padding.
const LENIENT_BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The command of a request whose body may still be coming in.
pub(crate) fn command(route: &Route, method: &Method, parameters: &Parameters) -> Option<CommandName> {
    if let Some(command) = route.command(method) {
        return Some(command);
    }
    if !route.has_command_parameter() {
        return None;
    }
    // Without a command it is a simple upload; so is one with a command that there is not.
    Some(parameters.get("command").and_then(upload_command).unwrap_or(CommandName::Simple))
}

/// The value of `command`, which is case sensitive.
pub(crate) fn upload_command(name: &str) -> Option<CommandName> {
    use CommandName::{Append, Finalize, Init, Status};
    CommandName::parse(name).filter(|command| matches!(command, Init | Append | Finalize | Status))
}

/// The pairs of a query or a form, decoded.
fn form_pairs(text: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(text.as_bytes()).into_owned().collect()
}
