//! When a token is refreshed; and a refresh whose time passes while it waits for its turn: what was never sent is not used up.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::HeaderMap;
use serde_json::{Value, json};
use xmedia::client::auth::oauth2::{App, Credentials, Token};
use xmedia::client::auth::{self, Account};
use xmedia::client::call::Hooks;
use xmedia::client::config::TransportOptions;
use xmedia::client::model::ApiVersion;
use xmedia::client::protocol::{Request, Response};
use xmedia::client::{Client, HttpBackend, Transport, TransportFailure};

use crate::protocol::decode::{ID, example};
use crate::support::plain_options;

/// Longer than a refresh waits for its turn.
const LONG: Duration = Duration::from_secs(100);

/// A server that takes long for its first and its third STATUS, and refuses the token that has not been refreshed. It
/// notes what it is asked.
#[derive(Clone, Default)]
struct Busy(Arc<Mutex<Vec<&'static str>>>);

impl HttpBackend for Busy {
    fn exchange<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, TransportFailure>> {
        let (number, refreshed) = {
            let mut asked = self.0.lock().unwrap();
            asked.push(if request.url.ends_with("/token") { "TOKEN" } else { "STATUS" });
            (asked.len(), asked.contains(&"TOKEN"))
        };
        Box::pin(async move {
            if request.url.ends_with("/token") {
                return Ok(answer(200, json!({"access_token": "new", "expires_in": 7200})));
            }
            if [1, 3].contains(&number) {
                tokio::time::sleep(LONG).await;
            } else if !refreshed {
                return Ok(answer(401, json!({"title": "Unauthorized"})));
            }
            Ok(answer(200, json!({"data": {"id": ID.to_string()}})))
        })
    }
}

fn answer(status: u16, body: Value) -> Response {
    let body = Bytes::from(body.to_string());
    Response { status, headers: HeaderMap::new(), body, truncated: false, received_at: SystemTime::now() }
}

#[tokio::test(start_paused = true)]
async fn a_refresh_that_never_left_the_queue_is_run_again() {
    let server = Busy::default();
    let transport_options = Arc::new(TransportOptions { max_connections: 2, ..TransportOptions::default() });
    let transport = Arc::new(Transport::over(transport_options, Box::new(server.clone())));
    let app = App { client_id: "client".into(), client_secret: None };
    let credentials =
        Credentials::refreshed("old".to_owned().into(), Some("refresh".to_owned().into()), None, Some(app));
    let account = Arc::new(Account::new(auth::Credentials::OAuth2(credentials)));
    let client = Client::new(transport, account, Arc::new(plain_options(ApiVersion::V2))).unwrap();
    let media = xmedia::client::model::Media::from(example());
    let status = || client.status(media.clone(), None, Hooks::none());

    // The second is refused and leaves its place to the third, behind which its refresh waits in vain.
    let (first, second, third) = tokio::join!(status(), status(), status());
    assert!(first.is_ok() && third.is_ok());
    let refused = second.unwrap_err();
    assert!(refused.retryable, "{refused}");
    assert_eq!(0, refused.cause.as_ref().unwrap().attempts);
    assert_eq!(vec!["STATUS"; 3], *server.0.lock().unwrap());

    assert!(status().await.is_ok());
    assert_eq!(["STATUS", "TOKEN", "STATUS"], server.0.lock().unwrap()[3..]);
}

#[test]
fn a_token_runs_out_a_minute_before_it_expires() {
    let token = |seconds| Token {
        expires_at: Some(SystemTime::now() + Duration::from_secs(seconds)),
        ..Token::asked("access".to_owned().into(), 0)
    };
    // Five seconds are room for a machine that is busy.
    for (seconds, expected) in [(0, true), (30, true), (59, true), (65, false), (7200, false)] {
        assert_eq!(expected, token(seconds).runs_out(), "{seconds} s before its end");
    }
}
