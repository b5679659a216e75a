//! What a test chooses: how the server behaves, which credentials it accepts, and the steps of processing.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::client::category::AccountTier;
use crate::client::model::CommandName;

/// How many requests in which time.
pub(crate) type Rule = (u64, Duration);

/// The limits that a test sets.
#[derive(Clone, Debug, Default)]
pub struct RateLimits {
    /// By command.
    pub commands: HashMap<CommandName, Rule>,
    /// For each command of a user, in 24 hours.
    pub user_24h: Option<Rule>,
    /// For each command of an app, in 24 hours.
    pub app_24h: Option<Rule>,
}

/// How a server behaves.
#[derive(Clone, Debug)]
pub struct Options {
    /// The name or address to listen on.
    pub host: String,
    /// The port; 0 takes a free one.
    pub port: u16,
    /// The credentials that are accepted.
    pub auth: Vec<Credential>,
    /// Whether they are asked for at all.
    pub verify_auth: bool,
    /// The steps of processing; empty for none.
    pub processing: Vec<Step>,
    /// How long an id is valid.
    pub expires_after: Duration,
    /// The largest segment.
    pub max_segment_bytes: u64,
    /// Whose limits hold.
    pub account: AccountTier,
    /// Whether processing applies X's rules to the bytes.
    pub inspect: bool,
    /// Limits and windows that are enforced.
    pub rate_limits: RateLimits,
    /// Whether media is kept, or its hashes only.
    pub keep_data: bool,
    /// Whether to speak TLS.
    pub tls: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            host: "127.0.0.1".into(),
            port: 0,
            auth: Credential::dummies(),
            verify_auth: true,
            processing: Step::sequence(["pending", "in_progress", "succeeded"], 1.0),
            expires_after: Duration::from_secs(86_400),
            max_segment_bytes: 5_000_000,
            account: AccountTier::default(),
            inspect: false,
            rate_limits: RateLimits::default(),
            keep_data: true,
            tls: false,
        }
    }
}

/// A credential that is accepted.
#[derive(Clone, PartialEq)]
pub enum Credential {
    /// OAuth 1.0a user context.
    OAuth1 {
        /// The app's key.
        consumer_key: String,
        /// The app's secret.
        consumer_secret: String,
        /// The user's token.
        access_token: String,
        /// The user's secret.
        access_token_secret: String,
    },
    /// An OAuth 2.0 user token.
    OAuth2 {
        /// The token.
        access_token: String,
        /// With which a new one is had.
        refresh_token: Option<String>,
        /// The app's id.
        client_id: Option<String>,
        /// The app's secret, if it is a confidential client.
        client_secret: Option<String>,
    },
}

impl Credential {
    /// The dummies that are accepted when a test names none.
    pub fn dummies() -> Vec<Credential> {
        vec![
            Credential::OAuth1 {
                consumer_key: "mock-consumer-key".into(),
                consumer_secret: "mock-consumer-secret".into(),
                access_token: "1-mock-access-token".into(),
                access_token_secret: "mock-access-token-secret".into(),
            },
            Credential::OAuth2 {
                access_token: "mock-oauth2-access-token".into(),
                refresh_token: None,
                client_id: None,
                client_secret: None,
            },
        ]
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Credential::OAuth1 { .. } => "OAuth1(…)",
            Credential::OAuth2 { .. } => "OAuth2(…)",
        })
    }
}

/// One response of the steps.
#[derive(Clone, Debug)]
pub struct Step {
    /// The state that a test sees.
    pub state: String,
    /// The `processing_info` as it is sent, any JSON text.
    pub info: String,
    /// How long a STATUS still gets this response before one takes the next.
    pub wait: Duration,
}

impl Step {
    /// A response given word for word.
    pub fn given(state: impl Into<String>, info: impl Into<String>, wait: Duration) -> Self {
        Step { state: state.into(), info: info.into(), wait }
    }

    /// The steps through these states, with what X reports for each.
    pub fn sequence<'a>(states: impl IntoIterator<Item = &'a str>, check_after_secs: f64) -> Vec<Self> {
        let states: Vec<&str> = states.into_iter().collect();
        let last = states.len().saturating_sub(1);
        states.iter().enumerate().map(|(at, state)| Step::plain(state, at, last, check_after_secs)).collect()
    }

    /// What X reports for a state, the `at`-th of a steps that ends with the `last`-th.
    pub fn plain(state: &str, at: usize, last: usize, check_after_secs: f64) -> Self {
        let percent = (100 * at).checked_div(last).unwrap_or(0).min(99);
        let mut info = Map::new();
        info.insert("state".into(), state.into());
        let mut wait = Duration::ZERO;
        match state {
            "succeeded" => {
                info.insert("progress_percent".into(), 100.into());
            }
            "failed" => {
                info.insert("progress_percent".into(), percent.into());
                let error = json!({"code": 1, "name": "InvalidMedia", "message": "Unsupported video format"});
                info.insert("error".into(), error);
            }
            _ => {
                info.insert("check_after_secs".into(), seconds(check_after_secs));
                wait = Duration::try_from_secs_f64(check_after_secs).unwrap_or_default();
                if state != "pending" {
                    info.insert("progress_percent".into(), percent.into());
                }
            }
        }
        Step { state: state.into(), info: Value::Object(info).to_string(), wait }
    }
}

/// A number of seconds as X writes it: whole where it is whole.
pub(crate) fn seconds(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 9e15 { Value::from(value as i64) } else { Value::from(value) }
}
