//! What successful answers mean: the examples and states of docs/how/wire.md, and everything that is not documented.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::HeaderMap;
use serde_json::{Value, json};
use xmedia::client::error::{ApiClass, Error, Kind, Result};
use xmedia::client::model::{
    ApiVersion, CommandName, ImageInfo, Media, MediaId, Number, ProcessingFailure, ProcessingInfo, VideoInfo,
};
use xmedia::client::protocol::{Answer, Response, decode};

pub const ID: u64 = 710511363345354753;
pub const FINALIZED: &str = r#"{"media_id":710511363345354753,"media_id_string":"710511363345354753","size":11065,"expires_after_secs":86400,"video":{"video_type":"video/mp4"}}"#;
pub const PENDING: &str = r#"{"media_id":710511363345354753,"media_id_string":"710511363345354753","expires_after_secs":86400,"size":10240,"processing_info":{"state":"pending","check_after_secs":5}}"#;

pub fn example() -> MediaId {
    MediaId::new(ID).unwrap()
}

pub fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}

pub fn response(status: u16, body: &[u8]) -> Response {
    let body = Bytes::copy_from_slice(body);
    Response { status, headers: HeaderMap::new(), body, truncated: false, received_at: now() }
}

pub fn answer(command: CommandName, status: u16, body: &[u8]) -> Result<Answer> {
    let asked = (!matches!(command, CommandName::Init | CommandName::Simple)).then(example);
    decode(ApiVersion::V1_1, command, asked, &response(status, body))
}

pub fn media(command: CommandName, body: &[u8]) -> Result<Media> {
    answer(command, 200, body).map(|answer| match answer {
        Answer::Media(media) => *media,
        other => panic!("{other:?} is no media"),
    })
}

fn status(body: &str) -> Media {
    media(CommandName::Status, body.as_bytes()).unwrap()
}

pub fn refused(result: Result<impl std::fmt::Debug>) -> Error {
    let error = result.unwrap_err();
    assert!(matches!(error.kind, Kind::InvalidResponse(_)), "{error:?}");
    assert!(!error.retryable && error.command.is_some());
    error
}

/// A v1.1 answer with this `processing_info`.
fn processing(info: Value) -> Vec<u8> {
    json!({"media_id": ID, "media_id_string": ID.to_string(), "processing_info": info}).to_string().into_bytes()
}

fn info(state: &str) -> ProcessingInfo {
    ProcessingInfo { state: state.into(), check_after_secs: None, progress_percent: None, error: None }
}

#[test]
fn only_what_is_not_documented_is_searched_for_secrets() {
    let documented = [
        FINALIZED,
        PENDING,
        r#"{"media_id":7,"media_id_string":"7","media_key":"7_7","size":9,"expires_after_secs":86400,"video":{"video_type":"video\/mp4"}}"#,
        r#"{"media_id":7,"media_id_string":"7","size":9,"image":{"image_type":"image\/gif","w":320,"h":240}}"#,
        r#"{"data":{"id":"7","media_key":"7_7","size":9,"expires_after_secs":86400,"processing_info":{"state":"in_progress","check_after_secs":5,"progress_percent":8}}}"#,
        r#"{"media_id":7,"processing_info":{"state":"succeeded","progress_percent":100}}"#,
    ];
    for body in documented {
        let version = if body.contains("data") { ApiVersion::V2 } else { ApiVersion::V1_1 };
        let answer = decode(version, CommandName::Finalize, None, &response(200, body.as_bytes())).unwrap();
        // A search costs as much as the rest of the call.
        assert!(!answer.has_words(), "{body}");
    }
    let more = FINALIZED.replace("video/mp4", "a-secret");
    assert!(answer(CommandName::Finalize, 200, more.as_bytes()).unwrap().has_words());
}

#[test]
fn the_documented_finalize_answers() {
    let finalized = Media {
        size: Some(11065),
        expires_after_secs: Some(Number::Int(86400)),
        video: Some(VideoInfo { video_type: Some("video/mp4".into()) }),
        command: Some(CommandName::Finalize),
        received_at: Some(now()),
        raw: Bytes::from_static(FINALIZED.as_bytes()),
        ..Media::new(example())
    };
    let decoded = media(CommandName::Finalize, FINALIZED.as_bytes()).unwrap();
    assert_eq!(finalized, decoded);
    assert!(decoded.ready() && !decoded.failed());

    let pending = Media {
        size: Some(10240),
        video: None,
        processing_info: Some(ProcessingInfo { check_after_secs: Some(Number::Int(5)), ..info("pending") }),
        raw: Bytes::from_static(PENDING.as_bytes()),
        ..finalized
    };
    let decoded = media(CommandName::Finalize, PENDING.as_bytes()).unwrap();
    assert_eq!(pending, decoded);
    assert!(!decoded.ready() && !decoded.failed());
}

#[test]
fn the_documented_status_answers() {
    let in_progress = status(
        r#"{"media_id":710511363345354753,"media_id_string":"710511363345354753","expires_after_secs":3595,"processing_info":{"state":"in_progress","check_after_secs":10,"progress_percent":8}}"#,
    );
    let expected = ProcessingInfo {
        check_after_secs: Some(Number::Int(10)),
        progress_percent: Some(Number::Int(8)),
        ..info("in_progress")
    };
    assert_eq!(
        (Some(expected), false, false),
        (in_progress.processing_info.clone(), in_progress.ready(), in_progress.failed())
    );

    let failed = status(
        r#"{"media_id":710511363345354753,"media_id_string":"710511363345354753","processing_info":{"state":"failed","progress_percent":12,"error":{"code":1,"name":"InvalidMedia","message":"Unsupported video format"}}}"#,
    );
    let failure = ProcessingFailure {
        code: Some(1),
        name: Some("InvalidMedia".into()),
        message: Some("Unsupported video format".into()),
    };
    let expected = ProcessingInfo { progress_percent: Some(Number::Int(12)), error: Some(failure), ..info("failed") };
    assert_eq!((Some(expected), false, true), (failed.processing_info.clone(), failed.ready(), failed.failed()));

    let succeeded = status(
        r#"{"media_id":710511363345354753,"media_id_string":"710511363345354753","expires_after_secs":3593,"video":{"video_type":"video/mp4"},"processing_info":{"state":"succeeded","progress_percent":100}}"#,
    );
    assert_eq!(Some(VideoInfo { video_type: Some("video/mp4".into()) }), succeeded.video);
    assert!(succeeded.ready() && !succeeded.failed());
}

#[test]
fn v2_answers_say_the_same_in_data() {
    let body = r#"{"data":{"id":"710511363345354753","media_key":"3_710511363345354753","size":11065,"expires_after_secs":1296000,"image":{"image_type":"image\/gif","w":320,"h":"240"},"processing_info":{"state":"pending","check_after_secs":1}},"errors":[{"title":"beside data"}]}"#;
    let decoded = media(CommandName::Finalize, body.as_bytes()).unwrap();
    let expected = Media {
        media_key: Some("3_710511363345354753".into()),
        size: Some(11065),
        expires_after_secs: Some(Number::Int(1296000)),
        image: Some(ImageInfo { image_type: Some("image/gif".into()), w: Some(320), h: Some(240) }),
        processing_info: Some(ProcessingInfo { check_after_secs: Some(Number::Int(1)), ..info("pending") }),
        command: Some(CommandName::Finalize),
        received_at: Some(now()),
        raw: Bytes::from_static(body.as_bytes()),
        ..Media::new(example())
    };
    assert_eq!(expected, decoded);
}

#[test]
fn every_answer_that_names_the_id_is_media() {
    let bodies = [
        r#"{"media_id":710511363345354753}"#,
        r#"{"media_id_string":"710511363345354753"}"#,
        r#"{"media_id":"710511363345354753","media_id_string":710511363345354753}"#,
        r#"{"media_id":710511363345354753.0,"media_id_string":null}"#,
        r#"{"data":{"id":"710511363345354753"}}"#,
        r#"{"data":{"id":710511363345354753},"errors":[]}"#,
        r#"{"data":null,"media_id":710511363345354753,"errors":null,"new":{"field":[1e400]}}"#,
        "\u{feff}{\"media_id\":710511363345354753}\r\n",
    ];
    for body in bodies {
        for (command, code) in [("INIT", 202), ("FINALIZE", 201), ("STATUS", 200), ("SIMPLE", 200), ("STATUS", 203)] {
            let command = CommandName::parse(command).unwrap();
            let Answer::Media(media) = answer(command, code, body.as_bytes()).unwrap() else { panic!("{body}") };
            assert_eq!((example(), Some(command)), (media.media_id, media.command), "{body}");
            assert_eq!(command != CommandName::Init, media.ready(), "an INIT's answer is never ready");
            assert!(media.raw.starts_with(b"{"));
        }
    }
}

#[test]
fn every_state_is_judged() {
    let failure = |name: &str| json!({"code": 1, "name": name});
    // (processing_info, ready, failed)
    let cases = [
        (json!(null), true, false),
        (json!({"state": "succeeded"}), true, false),
        (json!({"state": "succeeded", "error": null}), true, false),
        (json!({"state": "succeeded", "error": false}), true, false),
        (json!({"state": "pending"}), false, false),
        (json!({"state": "in_progress", "check_after_secs": 0}), false, false),
        (json!({"state": "processing"}), false, false),
        (json!({"state": "Succeeded"}), true, false),
        (json!({"state": "FAILED"}), false, true),
        (json!({"state": "IN_PROGRESS"}), false, false),
        (json!({"state": ""}), false, false),
        (json!({"state": "failed"}), false, true),
        (json!({"state": "failed", "error": failure("InvalidMedia")}), false, true),
        (json!({"state": "in_progress", "progress_percent": 99, "error": failure("InternalError")}), false, true),
        (json!({"state": "succeeded", "error": {}}), false, true),
        (json!({"state": "pending", "error": "file is invalid"}), false, true),
        (json!({"state": "pending", "error": []}), false, true),
        (json!({"state": "pending", "error": 3}), false, true),
        (json!({"error": {}}), false, true),
        (json!({"state": 7, "error": {}}), false, true),
    ];
    for (info, ready, failed) in cases {
        for command in [CommandName::Finalize, CommandName::Status] {
            let media = media(command, &processing(info.clone())).unwrap();
            assert_eq!((ready, failed), (media.ready(), media.failed()), "{info}");
        }
    }
    for info in [json!("succeeded"), json!(true), json!(false), json!([]), json!(0), json!({}), json!({"state": null})]
    {
        refused(media(CommandName::Status, &processing(info)));
    }
}

#[test]
fn a_failure_is_told_as_far_as_it_is_known() {
    let failure = |code: Option<i128>, name: Option<&str>, message: Option<&str>| ProcessingFailure {
        code,
        name: name.map(str::to_owned),
        message: message.map(str::to_owned),
    };
    let cases = [
        (json!({}), failure(None, None, None)),
        (json!({"code": "3", "name": "UnsupportedMedia"}), failure(Some(3), Some("UnsupportedMedia"), None)),
        (json!({"code": null, "name": 5, "message": ["x"]}), failure(None, None, None)),
        (json!({"code": 1.0, "name": "InvalidMedia"}), failure(Some(1), Some("InvalidMedia"), None)),
        (json!({"code": "3e0"}), failure(Some(3), None, None)),
        (json!({"code": 1.5}), failure(None, None, None)),
        (json!({"code": "1e400"}), failure(None, None, None)),
        (json!("file is invalid"), failure(None, None, Some("file is invalid"))),
        (json!(""), failure(None, None, None)),
        (json!(7), failure(Some(7), None, None)),
        (json!([{"name": "InvalidMedia"}]), failure(None, Some("InvalidMedia"), None)),
    ];
    for (error, expected) in cases {
        let media = media(CommandName::Status, &processing(json!({"state": "in_progress", "error": error}))).unwrap();
        assert_eq!(Some(expected), media.processing_info.unwrap().error, "{error}");
    }
}

#[test]
fn numbers_are_exact_and_may_be_strings_or_floats() {
    let cases = [
        ("5", Some(Number::Int(5)), Some(5)),
        ("\" 5 \"", Some(Number::Int(5)), Some(5)),
        ("2.5", Some(Number::Float(2.5)), Some(2)),
        ("\"0.25\"", Some(Number::Float(0.25)), Some(0)),
        ("-1", Some(Number::Int(-1)), None),
        ("-0.5", Some(Number::Float(-0.5)), None),
        ("1e3", Some(Number::Float(1000.0)), Some(1000)),
        ("9007199254740993", Some(Number::Int(9007199254740993)), Some(9007199254740993)),
        ("18446744073709551616", Some(Number::Int(18446744073709551616)), Some(u64::MAX)),
        ("1e400", Some(Number::Float(f64::INFINITY)), Some(u64::MAX)),
        ("\"1e400\"", Some(Number::Float(f64::INFINITY)), Some(u64::MAX)),
        ("-1e400", Some(Number::Float(f64::NEG_INFINITY)), None),
        ("\"inf\"", None, None),
        ("\"NaN\"", None, None),
        ("\"٣\"", None, None),
        ("\"\"", None, None),
        ("true", None, None),
        ("[5]", None, None),
        ("null", None, None),
    ];
    for (text, number, size) in cases {
        let media = status(&format!(
            r#"{{"media_id":{ID},"size":{text},"expires_after_secs":{text},"processing_info":{{"state":"pending","check_after_secs":{text},"progress_percent":{text}}}}}"#
        ));
        let info = media.processing_info.unwrap();
        let numbers = [media.expires_after_secs, info.check_after_secs, info.progress_percent];
        assert_eq!(([number; 3], size), (numbers, media.size), "{text}");
    }
}

#[test]
fn commands_that_need_no_answer_are_done() {
    use CommandName::{Append, Metadata, Subtitles};
    let data = format!(r#"{{"data":{{"id":"{ID}","associated_metadata":{{}}}}}}"#);
    for (command, code, body) in [
        (Append, 204, ""),
        (Append, 200, r#"{"data":{"expires_at":1}}"#),
        (Append, 200, r#"{"media_id":1}"#),
        (Metadata, 200, ""),
        (Metadata, 200, data.as_str()),
        (Subtitles, 204, " "),
        (Subtitles, 201, "{}"),
    ] {
        assert!(matches!(answer(command, code, body.as_bytes()), Ok(Answer::Done)), "{command} {body}");
    }
    refused(answer(Metadata, 200, br#"{"data":{"id":"1"}}"#));
    refused(answer(Metadata, 200, br#"{"request":"/1.1","error":"no"}"#));
}

#[test]
fn a_success_with_problems_instead_of_data_is_a_failure() {
    let of_type = |name: &str| json!({"errors": [{"type": format!("https://api.x.com/2/problems/{name}")}]});
    let cases = [
        (of_type("usage-capped"), ApiClass::UsageCapExceeded, 429, false),
        (of_type("credits-depleted"), ApiClass::PaymentRequired, 402, false),
        (of_type("rate-limit-exceeded"), ApiClass::RateLimit, 429, true),
        (of_type("resource-not-found"), ApiClass::NotFound, 404, false),
        (of_type("not-authorized-for-resource"), ApiClass::PermissionDenied, 403, false),
        (json!({"errors": [{"type": "about:blank", "status": 503}]}), ApiClass::Server, 503, true),
        (json!({"errors": [{"status": "408"}], "data": null}), ApiClass::Other, 408, true),
        (json!({"errors": [{"code": 88, "message": "Rate limit exceeded"}]}), ApiClass::RateLimit, 429, true),
        (json!({"errors": ["internal server error"], "data": {}}), ApiClass::Other, 200, false),
        (json!({"errors": "no", "media_id": ID}), ApiClass::Other, 200, false),
    ];
    for (body, class, retry_status, retryable) in cases {
        for command in CommandName::ALL {
            let error = answer(command, 200, body.to_string().as_bytes()).unwrap_err();
            let failure = error.api().unwrap();
            assert_eq!((class, 200, retry_status), (failure.class, failure.status, failure.retry_status()), "{body}");
            assert_eq!(retryable, error.retryable, "{body}");
        }
    }
}
