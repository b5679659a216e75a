//! The exchange of a refresh token, as X responses it.

use http::request::Parts;
use serde_json::json;

use crate::mock::api::request::Parameters;
use crate::mock::api::responses::ApiResponse;
use crate::mock::state::accounts::Accounts;
use crate::mock::state::rejection::TokenRejection;

/// Responds to a request to `/2/oauth2/token`.
pub(crate) fn response(accounts: &mut Accounts, parts: &Parts, parameters: &Parameters) -> ApiResponse {
    let tokens = match accounts.refresh(parts, parameters.form()) {
        Ok(tokens) => tokens,
        Err(rejection) => return rejection.response(),
    };
    let body = json!({
        "token_type": "bearer",
        "expires_in": 7200,
        "access_token": tokens.access_token,
        "refresh_token": tokens.refresh_token,
        "scope": "tweet.read tweet.write users.read media.write offline.access",
    });
    ApiResponse { effect: true, ..ApiResponse::json(200, body.to_string()) }
}

impl TokenRejection {
    fn response(self) -> ApiResponse {
        let (status, error, description) = match self {
            TokenRejection::GrantType => (400, "unsupported_grant_type", "The grant type is not supported."),
            TokenRejection::Token => (400, "invalid_request", "Value passed for the token was invalid."),
            TokenRejection::Client => (401, "unauthorized_client", "Missing valid authorization header"),
        };
        ApiResponse::json(status, json!({"error": error, "error_description": description}).to_string())
    }
}
