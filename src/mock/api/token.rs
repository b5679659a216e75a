//! OAuth 2.0's endpoints, as X answers them: tokens, revocation, the authorization page, and who the user is.

use std::time::SystemTime;

use http::request::Parts;
use serde_json::json;

use crate::mock::api::request::Parameters;
use crate::mock::api::responses::ApiResponse;
use crate::mock::state::accounts::Accounts;
use crate::mock::state::logins::{Asking, Granted};
use crate::mock::state::rejection::TokenRejection;

/// X's names for the two kinds of an exchange.
const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const OAUTH1_TOKEN: &str = "urn:x:params:oauth:token-type:oauth1_token";

/// Responds to a request to `/2/oauth2/token`.
pub(crate) fn response(
    accounts: &mut Accounts,
    parts: &Parts,
    parameters: &Parameters,
    now: SystemTime,
) -> ApiResponse {
    match granted(accounts, parts, parameters.form(), now) {
        Ok(granted) => {
            let mut body = json!({
                "token_type": "bearer",
                "expires_in": 7200,
                "access_token": granted.access_token,
                "scope": granted.scope,
            });
            if let (Some(refresh_token), Some(body)) = (granted.refresh_token, body.as_object_mut()) {
                body.insert("refresh_token".into(), refresh_token.into());
            }
            ApiResponse { effect: true, ..ApiResponse::json(200, body.to_string()) }
        }
        Err(rejection) => rejection.response(),
    }
}

fn granted(
    accounts: &mut Accounts,
    parts: &Parts,
    form: &[(String, String)],
    now: SystemTime,
) -> Result<Granted, TokenRejection> {
    let asking = asking(parts, form);
    let get = |wanted: &str| form.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
    let need = |wanted: &str| get(wanted).filter(|value| !value.is_empty()).ok_or(TokenRejection::Token);
    match get("grant_type") {
        Some("refresh_token") => accounts.logins.refresh(&asking, need("refresh_token")?),
        Some("authorization_code") => {
            accounts.logins.redeem(&asking, need("code")?, need("redirect_uri")?, need("code_verifier")?, now)
        }
        Some(EXCHANGE) if get("subject_token_type") == Some(OAUTH1_TOKEN) => {
            let (token, secret) = (need("subject_token")?, need("oauth_token_secret")?);
            let account = accounts.of_oauth1(token, secret).ok_or(TokenRejection::Grant)?;
            accounts.logins.exchange(account, &asking, get("scope"))
        }
        _ => Err(TokenRejection::GrantType),
    }
}

/// Responds to a request to `/2/oauth2/revoke`.
pub(crate) fn revoked(accounts: &mut Accounts, parts: &Parts, parameters: &Parameters) -> ApiResponse {
    let form = parameters.form();
    let Some((_, token)) = form.iter().find(|(name, _)| name == "token") else {
        return TokenRejection::Token.response();
    };
    match accounts.logins.revoke(&asking(parts, form), token) {
        Ok(()) => ApiResponse { effect: true, ..ApiResponse::json(200, json!({"revoked": true}).to_string()) },
        Err(rejection) => rejection.response(),
    }
}

fn asking(parts: &Parts, form: &[(String, String)]) -> Asking {
    let get = |wanted: &str| form.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone());
    match Accounts::basic(parts) {
        Some((client_id, client_secret)) => Asking { client_id: Some(client_id), client_secret: Some(client_secret) },
        None => Asking { client_id: get("client_id"), client_secret: None },
    }
}

/// What every page begins with: readable in light and dark, on a small screen as well.
const PAGE_HEAD: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Mock login</title>\
    <meta name=\"viewport\" content=\"width=device-width\"><meta name=\"color-scheme\" content=\"light dark\">\
    <style>body{font:1.1em/1.5 system-ui,sans-serif;max-width:32em;margin:15vh auto;padding:0 1em}h1{font-size:1.5em}\
    a{display:inline-block;margin:1em .6em 0 0;padding:.5em 1.2em;border:1px solid #1a6fc4;border-radius:2em;\
    text-decoration:none;color:LinkText}#allow{background:#1a6fc4;color:#fff}</style>";

/// The authorization page: two links, for the user who agrees and the one who does not.
pub(crate) fn page(accounts: &mut Accounts, parts: &Parts, now: SystemTime) -> ApiResponse {
    // The host does not matter; what is asked for stands in the query.
    let url = format!("http://mock{}", parts.uri);
    let links = accounts
        .logins
        .authorize(&url, false, now)
        .and_then(|yes| Ok((yes, accounts.logins.authorize(&url, true, now)?)));
    let (status, body) = match links {
        Ok((yes, no)) => (
            200,
            format!(
                "<h1>Authorize this app?</h1><p>This is xmedia's mock server: nobody is logged in anywhere.</p>\
                 <p><a id=\"allow\" href=\"{}\">Authorize app</a> <a id=\"deny\" href=\"{}\">Cancel</a></p>",
                escaped(&yes),
                escaped(&no)
            ),
        ),
        Err(why) => (400, format!("<h1>Something went wrong</h1><p>{}</p>", escaped(&why))),
    };
    let html = format!("{PAGE_HEAD}{body}</html>");
    ApiResponse { status, content_type: Some("text/html; charset=utf-8"), body: html.into(), ..ApiResponse::default() }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

/// Who the user of an account is.
pub(crate) fn user(accounts: &Accounts, account: Option<usize>) -> ApiResponse {
    let id = accounts.user_id(account.unwrap_or(0));
    let body = json!({"data": {"id": id, "name": "Mock User", "username": format!("mock_user_{id}")}});
    ApiResponse::json(200, body.to_string())
}

impl TokenRejection {
    fn response(self) -> ApiResponse {
        let (status, error, description) = match self {
            TokenRejection::GrantType => (400, "unsupported_grant_type", "The grant type is not supported."),
            TokenRejection::Token => (400, "invalid_request", "Value passed for the token was invalid."),
            TokenRejection::Grant => (400, "invalid_grant", "Value passed for the authorization grant was invalid."),
            TokenRejection::Client => (401, "unauthorized_client", "Missing valid authorization header"),
        };
        ApiResponse::json(status, json!({"error": error, "error_description": description}).to_string())
    }
}
