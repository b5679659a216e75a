//! What a body says about a failure, in any of the shapes of docs/how/wire.md#4-errors.

use serde_json::{Map, Value};

use crate::client::error::ApiClass;
use crate::client::protocol::json::lossy_json;
use crate::client::protocol::json::number;

/// How much of a body, or of a sentence in it, is kept.
const MAX_KEPT_BYTES: usize = 4096;
/// How many of the problems in one body are looked at.
const MAX_PROBLEMS: usize = 16;

/// What a server said about a failure, as far as it said anything.
#[derive(Debug, Default)]
pub(in crate::client::protocol) struct Problem {
    /// v1.1's number.
    pub(in crate::client::protocol) code: Option<i64>,
    /// v2's title.
    pub(in crate::client::protocol) title: Option<String>,
    /// v2's detail, or the first sentence found elsewhere.
    pub(in crate::client::protocol) detail: Option<String>,
    /// v2's problem type, a URI.
    pub(in crate::client::protocol) problem_type: Option<String>,
    /// All that was said, the most particular first.
    pub(in crate::client::protocol) sentences: Vec<String>,
    /// The status that the problem itself names.
    status: Option<u16>,
    /// What its types and titles name, in the order found.
    known: Vec<Known>,
}

/// A problem type that is more specific than a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    UsageCapped,
    CreditsDepleted,
    RateLimited,
    /// Stands for no more than this status.
    Status(u16),
}

/// What the token endpoint calls failures that do not pass (docs/how/wire.md §8).
const REFUSED_FOR_GOOD: [&str; 4] = ["invalid_grant", "invalid_request", "invalid_client", "unauthorized_client"];

/// The name of the failure, if the token endpoint named one that does not pass.
pub(super) fn final_token_error(status: u16, body: &[u8]) -> Option<&'static str> {
    let body = serde_json::from_slice::<Value>(body).ok()?;
    let named = body.get("error").and_then(Value::as_str).filter(|_| matches!(status, 400 | 401))?;
    REFUSED_FOR_GOOD.into_iter().find(|error| *error == named)
}

impl Problem {
    /// Reads the body of an unsuccessful response.
    pub(in crate::client::protocol) fn read(body: &[u8]) -> Problem {
        let text = String::from_utf8_lossy(body);
        let text = text.trim_start_matches('\u{feff}').trim();
        let value = serde_json::from_str(text).or_else(|_| serde_json::from_str(&lossy_json(text.as_bytes())));
        if let Ok(value) = value {
            let problem = Problem::from_json(&value);
            if problem.said_something() {
                return problem;
            }
        } else if !text.starts_with(['<', '{', '[']) {
            let sentence = (!text.is_empty()).then(|| clip(text));
            return Problem {
                detail: sentence.clone(),
                sentences: sentence.into_iter().collect(),
                ..Problem::default()
            };
        }
        if text.starts_with('<') {
            let title = html_title(text);
            let sentence = title.clone().unwrap_or_else(|| "an HTML page".into());
            return Problem { detail: title, sentences: vec![sentence], ..Problem::default() };
        }
        // JSON that says nothing we know, or that is cut off: the text itself is the best there is to show.
        let sentences = if text.is_empty() { Vec::new() } else { vec![clip(text)] };
        Problem { sentences, ..Problem::default() }
    }

    /// The failure inside a success: v2 may send `errors` instead of `data` with 200.
    pub(in crate::client::protocol) fn in_success(body: &Value) -> Option<Problem> {
        let errors = body.get("errors").is_some_and(|errors| !is_nothing(errors));
        let data = body.get("data").is_some_and(|data| !is_nothing(data));
        (errors && !data).then(|| Problem::from_json(body))
    }

    /// The first sentence in any of the JSON shapes.
    pub(in crate::client::protocol) fn sentence(value: &Value) -> Option<String> {
        Problem::from_json(value).sentences.into_iter().next()
    }

    /// Reads any of the JSON shapes.
    fn from_json(value: &Value) -> Problem {
        let mut found = Found::default();
        found.gather(value, 0);
        let (outer, inner) = match value {
            Value::Object(_) => found.objects.split_at_checked(1).unwrap_or_default(),
            _ => (<&[&Map<_, _>]>::default(), found.objects.as_slice()),
        };
        let mut sentences = Vec::new();
        let mut say = |sentence: Option<&str>| {
            if let Some(sentence) = sentence.map(clip)
                && !sentences.contains(&sentence)
            {
                sentences.push(sentence);
            }
        };
        for problem in inner {
            say(text(problem, "message").or_else(|| text(problem, "detail")).or_else(|| text(problem, "title")));
        }
        // OAuth 2.0 says `error` and, better, `error_description`.
        let described = outer.iter().find_map(|problem| text(problem, "error_description"));
        say(described);
        if described.is_none() {
            found.texts.iter().for_each(|text| say(Some(text)));
        }
        for problem in outer {
            say(text(problem, "message"));
            say(text(problem, "detail"));
        }

        let first = |name| found.objects.iter().find_map(|problem| text(problem, name)).map(clip);
        let title = first("title").or_else(|| described.and(found.texts.first()).map(|text| clip(text)));
        let detail = outer.iter().find_map(|problem| text(problem, "detail")).map(clip);
        let mut types = found.objects.iter().filter_map(|problem| text(problem, "type"));
        let problem_type = types.clone().find(|uri| *uri != "about:blank").or_else(|| types.next()).map(clip);
        let number = |problem: &&Map<_, _>, name| integer(problem.get(name)?);
        let known = found.objects.iter().filter_map(|problem| known(problem)).collect();
        Problem {
            code: found.objects.iter().find_map(|problem| number(problem, "code")),
            detail: detail.or_else(|| sentences.first().cloned()).or_else(|| first("detail")),
            status: found
                .objects
                .iter()
                .find_map(|problem| number(problem, "status"))
                .and_then(|status| u16::try_from(status).ok())
                .filter(|status| (400..600).contains(status)),
            sentences: if sentences.is_empty() { title.clone().into_iter().collect() } else { sentences },
            title,
            problem_type,
            known,
        }
    }

    fn said_something(&self) -> bool {
        !self.sentences.is_empty() || self.code.is_some() || self.problem_type.is_some()
    }

    /// The class of the failure, and the status that it is to be treated as: a problem's type counts before the
    /// status of the answer where it is more specific, and inside a success it is all there is.
    pub(in crate::client::protocol) fn class(&self, status: u16) -> (ApiClass, u16) {
        if self.known.contains(&Known::UsageCapped) {
            return (ApiClass::UsageCapExceeded, 429);
        }
        if self.known.contains(&Known::CreditsDepleted) {
            return (ApiClass::PaymentRequired, 402);
        }
        if self.known.contains(&Known::RateLimited) {
            return (ApiClass::RateLimit, 429);
        }
        let status = if (200..300).contains(&status) {
            let named = self.known.iter().find_map(|known| match known {
                Known::Status(status) => Some(*status),
                _ => None,
            });
            named.or(self.status).or_else(|| status_of_code(self.code?)).unwrap_or(status)
        } else {
            status
        };
        (class_of_status(status), status)
    }

    /// Whether the server says that it does not know the media: 404, or v2's 400 "BadRequest: Not found".
    pub(in crate::client::protocol) fn not_found(&self, status: u16) -> bool {
        let said = || {
            self.sentences.iter().any(|sentence| {
                let words = sentence.trim_end_matches(['.', ' ']).as_bytes();
                words
                    .len()
                    .checked_sub(9)
                    .and_then(|start| words.get(start..))
                    .is_some_and(|end| end.eq_ignore_ascii_case(b"not found"))
            })
        };
        let typed = || self.known.contains(&Known::Status(404));
        status == 404 || (status == 400 && (self.code == Some(34) || typed() || said()))
    }
}

/// The objects and strings of a body that may say something, from the outside in.
#[derive(Default)]
struct Found<'body> {
    objects: Vec<&'body Map<String, Value>>,
    texts: Vec<&'body str>,
}

impl<'body> Found<'body> {
    fn gather(&mut self, value: &'body Value, depth: usize) {
        if depth > 3 || self.objects.len() + self.texts.len() >= MAX_PROBLEMS {
            return;
        }
        match value {
            Value::String(text) if !text.trim().is_empty() => self.texts.push(text.trim()),
            Value::Array(values) => values.iter().for_each(|value| self.gather(value, depth + 1)),
            Value::Object(object) => {
                self.objects.push(object);
                for name in ["errors", "error"] {
                    if let Some(value) = object.get(name) {
                        self.gather(value, depth + 1);
                    }
                }
            }
            _ => {}
        }
    }
}

/// The beginning of a text, 4 KiB at most.
pub(in crate::client::protocol) fn clip(text: &str) -> String {
    let mut end = text.len().min(MAX_KEPT_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default().to_owned()
}

/// The beginning of a body as text, 4 KiB at most, with replacement characters for what is not UTF-8.
pub(in crate::client::protocol) fn clip_bytes(body: &[u8]) -> String {
    // A few bytes more are read, so that a character that the limit cuts does not look like an invalid one.
    clip(&String::from_utf8_lossy(body.get(..MAX_KEPT_BYTES + 4).unwrap_or(body)))
}

fn text<'body>(object: &'body Map<String, Value>, name: &str) -> Option<&'body str> {
    object.get(name)?.as_str().map(str::trim).filter(|text| !text.is_empty())
}

fn integer(value: &Value) -> Option<i64> {
    number::integer(value).and_then(|value| i64::try_from(value).ok())
}

/// Whether a value is there only for form's sake.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(values) => values.is_empty(),
        Value::Object(object) => object.is_empty(),
        _ => false,
    }
}

/// What a problem's type says, which is the end of a URI; the title says the same where a gateway left the type out.
fn known(problem: &Map<String, Value>) -> Option<Known> {
    let problem_type = text(problem, "type").unwrap_or_default().trim_end_matches('/');
    let name = problem_type.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    Some(match (name.as_str(), text(problem, "title").unwrap_or_default()) {
        ("usage-capped", _) | (_, "UsageCapExceeded") => Known::UsageCapped,
        ("credits-depleted" | "credits", _) | (_, "CreditsDepleted") => Known::CreditsDepleted,
        ("rate-limit-exceeded", _) => Known::RateLimited,
        ("invalid-request", _) => Known::Status(400),
        ("unauthorized", _) => Known::Status(401),
        (
            "client-forbidden"
            | "disallowed-resource"
            | "not-authorized-for-field"
            | "not-authorized-for-resource"
            | "oauth1-permissions"
            | "unsupported-authentication",
            _,
        ) => Known::Status(403),
        ("resource-not-found", _) => Known::Status(404),
        ("internal-server-error", _) => Known::Status(500),
        ("service-unavailable", _) => Known::Status(503),
        _ => return None,
    })
}

/// The status that v1.1 sends its codes with.
fn status_of_code(code: i64) -> Option<u16> {
    Some(match code {
        32 | 89 | 215 => 401,
        34 => 404,
        38 | 324 => 400,
        88 => 429,
        130 => 503,
        131 => 500,
        _ => return None,
    })
}

fn class_of_status(status: u16) -> ApiClass {
    match status {
        400 => ApiClass::BadRequest,
        401 => ApiClass::Authentication,
        402 => ApiClass::PaymentRequired,
        403 => ApiClass::PermissionDenied,
        404 => ApiClass::NotFound,
        413 => ApiClass::PayloadTooLarge,
        429 => ApiClass::RateLimit,
        500..=599 => ApiClass::Server,
        _ => ApiClass::Other,
    }
}

fn html_title(page: &str) -> Option<String> {
    // Lower case for ASCII only, so that positions stay the same.
    let lower = page.to_ascii_lowercase();
    let start = lower.find("<title>")? + "<title>".len();
    let end = start + lower.get(start..)?.find('<')?;
    let title = page.get(start..end)?.split_whitespace().collect::<Vec<_>>().join(" ");
    (!title.is_empty()).then(|| clip(&title))
}
