//! What to do about a failure, where there is something to do. It follows what the server said and which credentials were
//! in use; the status alone says too little, and no advice is better than one that leads astray.

use std::time::Duration;

use super::problem::{Problem, final_token_error};
use crate::client::error::ApiClass;
use crate::client::model::{ApiVersion, CommandName, CredentialKind, NOT_RECORDED, RateLimit, RateWindow, UploadScope};
use crate::client::protocol::headers::clock_off_by;
use crate::client::protocol::response::Response;

/// What a failure is known by.
pub(super) struct Situation<'a> {
    /// The version of the API that was spoken.
    pub version: ApiVersion,
    /// What the request was signed with.
    pub credentials: CredentialKind,
    /// What failed.
    pub command: CommandName,
    /// The class of the failure.
    pub class: ApiClass,
    /// The status that it is to be treated as.
    pub status: u16,
    /// The server does not know the media.
    pub not_found: bool,
    /// What the server said.
    pub problem: &'a Problem,
    /// Its answer.
    pub response: &'a Response,
    /// When it wants to be asked again.
    pub delay: Option<Duration>,
    /// What it said of rate limits.
    pub rate_limit: Option<RateLimit>,
}

/// The advice, without the full stop at its end. A scope that is missing is named whatever else the server said.
pub(super) fn advice(it: &Situation<'_>) -> Option<String> {
    match (by_failure(it), missing_scope(it)) {
        (Some(advice), Some(scope)) => Some(format!("{advice}. {scope}")),
        (advice, scope) => advice.or_else(|| scope.map(str::to_owned)),
    }
}

fn by_failure(it: &Situation<'_>) -> Option<String> {
    let refused =
        if it.command == CommandName::Token { final_token_error(it.response.status, &it.response.body) } else { None };
    let fixed = match it.class {
        ApiClass::RateLimit => return Some(rate_limited(it)),
        ApiClass::UsageCapExceeded => "The account's usage cap is reached: waiting does not help before it is reset",
        ApiClass::PaymentRequired => "The account's API credits are used up: waiting does not help",
        _ if refused.is_some_and(|error| error.ends_with("_client")) => "Check the app's client_id and client_secret",
        _ if refused.is_some() => {
            "It was used before, has expired, was revoked, or belongs to another app: log in again"
        }
        _ => match said(it) {
            Said::Reason(advice) => return advice.map(str::to_owned),
            Said::Nothing => match it.class {
                ApiClass::Authentication if !is_about_tokens(it.command) => return Some(unauthenticated(it)),
                ApiClass::PermissionDenied | ApiClass::NotFound | ApiClass::Other if retired(it) => RETIRED,
                ApiClass::PermissionDenied => return by_command(it).or_else(|| forbidden(it)).map(str::to_owned),
                _ => return by_command(it).map(str::to_owned),
            },
        },
    };
    Some(fixed.to_owned())
}

const RETIRED: &str = "X is ending media upload in API 1.1: the same client with api=\"2\" uses API 2";

/// What the server itself gave as the reason.
enum Said {
    /// It named one; the advice, if there is any.
    Reason(Option<&'static str>),
    /// It named none that we know.
    Nothing,
}

fn said(it: &Situation<'_>) -> Said {
    let said = it.problem.sentences.join(" ").to_ascii_lowercase();
    let body = String::from_utf8_lossy(it.response.body.get(..4096).unwrap_or(&it.response.body)).to_ascii_lowercase();
    let problem_type = it.problem.problem_type.as_deref().unwrap_or_default();
    let any = |words: &[&str]| words.iter().any(|word| said.contains(word));
    let advice = match it.problem.code {
        Some(326) => Some("The account is locked: its user has to log in at x.com and unlock it"),
        Some(64) => Some("The account is suspended; only X can lift that"),
        Some(453) => Some("The app's access level does not include this: see its project in X's developer console"),
        Some(89) => Some("The access token was revoked or belongs to another app: make a new one"),
        Some(135) => Some("Correct this machine's clock"),
        Some(261) => Some(READ_ONLY),
        Some(324) if any(&["synchronously", "duration too long"]) => {
            Some("Give INIT a media_category, so that the media is processed asynchronously with higher limits")
        }
        Some(324) => None,
        _ if problem_type.ends_with("oauth1-permissions") => Some(READ_ONLY),
        _ if body.contains("client-not-enrolled") || any(&["attached to a project"]) => {
            Some("The app is not attached to a project: attach it to one in the developer portal")
        }
        _ if any(&["suspended"]) => Some("The account is suspended; only X can lift that"),
        _ if any(&["temporarily locked", "account is locked"]) => {
            Some("The account is locked: its user has to log in at x.com and unlock it")
        }
        _ if problem_type.ends_with("unsupported-authentication") || any(&["application-only"]) => {
            Some("App-only bearer tokens are refused: use a user's token")
        }
        _ if matches!(it.status, 401 | 403 | 429 | 503) && body.trim_start().starts_with('<') => Some(
            "This page is not the API's: what stands before it (a proxy, Cloudflare) refused the request, and new \
             credentials do not help",
        ),
        // Whoever names a reason of its own is not contradicted.
        _ if it.class == ApiClass::PermissionDenied && !is_plain(&said) => None,
        _ => return Said::Nothing,
    };
    Said::Reason(advice)
}

const READ_ONLY: &str =
    "The app may only read: allow read and write in the developer portal, and then make new access tokens";

/// The server said no more than the status does.
fn is_plain(said: &str) -> bool {
    let said = said.trim_end_matches('.');
    matches!(said, "" | "forbidden") || said.contains("do not allow access to this resource")
}

fn rate_limited(it: &Situation<'_>) -> String {
    let Some(delay) = it.delay else { return "The server does not say when to try again".into() };
    let seconds = whole_seconds(delay);
    let limits = it.rate_limit.unwrap_or_default();
    let empty = |window: Option<RateWindow>| window.filter(|window| window.remaining == Some(0));
    let (user, app) = (empty(limits.user_24h), empty(limits.app_24h));
    let of_both = user.map(|window| ("user", window)).into_iter().chain(app.map(|window| ("app", window)));
    match of_both.max_by_key(|(_, window)| window.reset_at) {
        Some((whose, window)) => {
            let limit = window.limit.map_or_else(String::new, |limit| format!(" ({limit} requests)"));
            format!("The {whose}'s limit of 24 hours{limit} is used up. Try again in {seconds} s")
        }
        None => format!("Try again in {seconds} s"),
    }
}

fn unauthenticated(it: &Situation<'_>) -> String {
    let off = clock_off_by(&it.response.headers, it.response.received_at);
    match (it.credentials, off) {
        (CredentialKind::OAuth1, Some(off)) => {
            format!("This machine's clock is {} s off the server's: correct it", whole_seconds(off))
        }
        (CredentialKind::OAuth1, None) if it.version == ApiVersion::V2 => {
            "Check the four OAuth 1.0a credentials (an access token may have been revoked) and this machine's clock"
                .into()
        }
        (CredentialKind::OAuth1, None) => "Check the four OAuth 1.0a credentials and this machine's clock".into(),
        (CredentialKind::OAuth2(_), _) => "Check the credentials: an OAuth 2.0 token may have run out".into(),
    }
}

fn forbidden(it: &Situation<'_>) -> Option<&'static str> {
    Some(match (it.credentials, it.version) {
        // The app asks for tokens, and has no scopes.
        _ if is_about_tokens(it.command) => return None,
        (CredentialKind::OAuth2(_), _) if it.command == CommandName::Me => {
            "It takes the scopes users.read and tweet.read"
        }
        (CredentialKind::OAuth1, _) => {
            "Check that the app may read and write, and that the access token was made after that was allowed"
        }
        (CredentialKind::OAuth2(UploadScope::Unknown), _) => {
            "Use a user's token with the scope media.write; app-only bearer tokens are refused"
        }
        (CredentialKind::OAuth2(UploadScope::Granted | UploadScope::Missing), _) => return None,
    })
}

/// What a token lacks whose scopes are known. Requests about tokens need none, and that about the user needs others.
fn missing_scope(it: &Situation<'_>) -> Option<&'static str> {
    let needs_it = !is_about_tokens(it.command) && it.command != CommandName::Me;
    let lacks_it = it.credentials == CredentialKind::OAuth2(UploadScope::Missing);
    (it.class == ApiClass::PermissionDenied && needs_it && lacks_it)
        .then_some("The token was not granted media.write: log in again and ask for it (xmedia login)")
}

/// API 1.1 for media is being switched off step by step.
fn retired(it: &Situation<'_>) -> bool {
    use CommandName::{Init, Simple};
    it.version == ApiVersion::V1_1 && matches!(it.status, 403 | 404 | 410) && matches!(it.command, Init | Simple)
}

fn by_command(it: &Situation<'_>) -> Option<&'static str> {
    use CommandName::{Append, Finalize, Simple, Status};
    let v1_1 = it.version == ApiVersion::V1_1;
    Some(match (it.command, it.status) {
        (Finalize, 403 | 404 | 410) if v1_1 => {
            "Check the id; X is ending media upload in API 1.1: the same client with api=\"2\" uses API 2"
        }
        (Status, _) if it.not_found => {
            "STATUS knows only media that is processed asynchronously: not what was finalized at once, is not finalized \
             yet, is unknown or has expired"
        }
        (Append | Finalize, _) if it.not_found => "The id is unknown, expired or another user's",
        (Append | Finalize, 413 | 431) => "Send smaller segments: 1 MiB works",
        (Simple, 413) => "Send it in segments: chunked=True",
        (_, NOT_RECORDED) => "This is a mock server that replays a recording, and answers only what was recorded",
        (_, 500..=599) => "The fault is the server's: the same call may succeed later",
        (_, 300..=399) => "Redirects are not followed: check base_url",
        _ => return None,
    })
}

fn whole_seconds(delay: Duration) -> u64 {
    delay.as_secs().saturating_add(u64::from(delay.subsec_nanos() > 0))
}

/// Whether what is sent are tokens, and the answer may repeat them.
pub(super) fn is_about_tokens(command: CommandName) -> bool {
    matches!(command, CommandName::Token | CommandName::Revoke)
}
