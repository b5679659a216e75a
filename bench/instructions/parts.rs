//! One part of the client, run a number of times: `instructions sign|encode|decode|retry|call TIMES`.
//!
//! `bench/instructions/count.py` runs it under callgrind twice, with different numbers, so that start-up is not counted.

#![allow(clippy::expect_used, reason = "what it expects is written in this file")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use xmedia::client::auth::{Account, Credentials, oauth1};
use xmedia::client::call::Hooks;
use xmedia::client::config::{Options, Retry, TransportOptions};
use xmedia::client::error::{Error, Kind};
use xmedia::client::model::{ApiVersion, CommandName, Media, MediaId};
use xmedia::client::protocol::{self, Command, Hosts, Init, Request, Response};
use xmedia::client::retry::{self, RetryContext};
use xmedia::client::{Client, HttpBackend, Transport, TransportFailure};

const ID: u64 = 710_511_363_345_354_753;
/// What X answers to the FINALIZE of a video, with the slash that it escapes.
const FINALIZED_VIDEO: &str = r#"{"media_id":710511363345354753,"media_id_string":"710511363345354753","media_key":"7_710511363345354753","size":1048576,"expires_after_secs":86400,"video":{"video_type":"video\/mp4"},"processing_info":{"state":"pending","check_after_secs":5}}"#;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let part = arguments.next().unwrap_or_default();
    let times = arguments.next().and_then(|times| times.parse().ok()).unwrap_or(1);
    let work: Box<dyn Fn()> = match part.as_str() {
        "sign" => Box::new(sign()),
        "encode" => Box::new(encode()),
        "decode" => Box::new(decode()),
        "retry" => Box::new(decide()),
        "call" => Box::new(call()),
        _ => {
            eprintln!("instructions sign|encode|decode|retry|call TIMES");
            std::process::exit(2);
        }
    };
    for _ in 0..times {
        work();
    }
}

fn id() -> MediaId {
    MediaId::new(ID).expect("an id")
}

fn credentials() -> oauth1::Credentials {
    oauth1::Credentials {
        consumer_key: "xvz1evFS4wEEPTGEFPHBog".into(),
        consumer_secret: "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw".into(),
        access_token: "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb".into(),
        access_token_secret: "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE".into(),
    }
}

/// What arrived, with the headers that X sends.
fn response(status: u16, body: &'static str) -> Response {
    let mut headers = http::HeaderMap::new();
    headers.insert("x-rate-limit-limit", "615".parse().expect("a header"));
    headers.insert("x-rate-limit-remaining", "614".parse().expect("a header"));
    headers.insert("x-rate-limit-reset", "1900000000".parse().expect("a header"));
    headers.insert("x-transaction-id", "4f1b0e3d2c5a6b79".parse().expect("a header"));
    Response {
        status,
        headers,
        body: Bytes::from_static(body.as_bytes()),
        truncated: false,
        received_at: SystemTime::UNIX_EPOCH,
    }
}

/// The `Authorization` header of a FINALIZE.
fn sign() -> impl Fn() {
    let signer = oauth1::Signer::new(&credentials());
    move || {
        black_box(black_box(&signer).authorization(
            "POST",
            "https://upload.twitter.com/1.1/media/upload.json",
            &[("command", "FINALIZE"), ("media_id", "710511363345354753")],
            "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg",
            1_318_622_958,
        ));
    }
}

/// An INIT, a FINALIZE and a STATUS in each version.
fn encode() -> impl Fn() {
    let hosts = Hosts::x();
    let init = Init {
        total_bytes: 1_048_576,
        media_type: "video/mp4".to_owned().try_into().expect("a media type"),
        media_category: Some("tweet_video".to_owned().try_into().expect("a category")),
        additional_owners: vec![id(), id()].try_into().expect("two owners"),
        shared: false,
    };
    let commands = [Command::Init(init), Command::Finalize(id()), Command::Status(id())];
    move || {
        for version in [ApiVersion::V1_1, ApiVersion::V2] {
            for command in &commands {
                black_box(protocol::encode(version, &hosts, black_box(command)));
            }
        }
    }
}

/// A FINALIZE's answer in each version, and a refusal.
fn decode() -> impl Fn() {
    let answers = [
        (ApiVersion::V1_1, response(201, FINALIZED_VIDEO)),
        (
            ApiVersion::V2,
            response(
                200,
                r#"{"data":{"id":"710511363345354753","media_key":"7_710511363345354753","size":1048576,"expires_after_secs":86400,"processing_info":{"state":"in_progress","check_after_secs":5,"progress_percent":42}}}"#,
            ),
        ),
        (
            ApiVersion::V2,
            response(
                400,
                r#"{"errors":[{"message":"The id is unknown."}],"title":"Invalid Request","detail":"One or more parameters to your request was invalid.","type":"https://api.twitter.com/2/problems/invalid-request"}"#,
            ),
        ),
    ];
    move || {
        for (version, response) in &answers {
            let _ = black_box(protocol::decode(*version, CommandName::Finalize, Some(id()), black_box(response)));
        }
    }
}

/// What is to be done about a reset connection, for each command.
fn decide() -> impl Fn() {
    let policy = Retry::default();
    let error = Error::new(Kind::Transport { connect: false }, "the connection was reset");
    let commands = [CommandName::Init, CommandName::Append, CommandName::Finalize, CommandName::Status];
    move || {
        for command in commands {
            let now = RetryContext {
                command,
                attempt: 2,
                not_found: 0,
                age: Some(Duration::from_secs(1)),
                remaining: Some(Duration::from_secs(100)),
                jitter: 0.5,
            };
            black_box(retry::decide(Some(black_box(&policy)), black_box(&error), &now));
        }
    }
}

/// A whole FINALIZE, from the call to its result; only the network is left out.
fn call() -> impl Fn() {
    let options = TransportOptions::default();
    let transport = Transport::over(Arc::new(options), Box::new(AnswersAtOnce));
    let account = Account::new(Credentials::OAuth1(credentials()));
    let options = Options::new(ApiVersion::V1_1);
    let client = Client::new(Arc::new(transport), Arc::new(account), Arc::new(options)).expect("a client");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    move || {
        let finalized = client.finalize(Media::from(id()), None, Hooks::none());
        black_box(runtime.block_on(finalized)).expect("it is finalized");
    }
}

/// X, without the network.
struct AnswersAtOnce;

impl HttpBackend for AnswersAtOnce {
    fn exchange<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, TransportFailure>> {
        black_box(request);
        Box::pin(std::future::ready(Ok(response(201, FINALIZED_VIDEO))))
    }
}
