//! Successful answers that cannot be understood, cut off or about something else; and tokens, which are never shown.

use xmedia::client::error::Result;
use xmedia::client::model::{ApiVersion, CommandName};
use xmedia::client::protocol::{Answer, Response, Tokens, decode, lossy_json};

use crate::protocol::decode::{FINALIZED, ID, PENDING, answer, example, media, refused, response};

fn tokens(body: &[u8]) -> Result<Tokens> {
    decode(ApiVersion::V2, CommandName::Token, None, &response(200, body)).map(|answer| match answer {
        Answer::Tokens(tokens) => tokens,
        other => panic!("{other:?} is no token"),
    })
}

#[test]
fn ids_that_disagree_or_are_none_are_refused() {
    let bodies = [
        r#"{"media_id":710511363345354752,"media_id_string":"710511363345354753"}"#,
        r#"{"media_id":710511363345354753,"media_id_string":"710511363345354700"}"#,
        r#"{"media_id":1,"media_id_string":"1"}"#,
        r#"{"data":{"id":"1"}}"#,
        r#"{"data":{"id":"710511363345354753"},"media_id":2}"#,
        r#"{"media_id":0}"#,
        r#"{"media_id":-1}"#,
        r#"{"media_id":7.1e17}"#,
        r#"{"media_id":1e400}"#,
        r#"{"media_id":71051136334535475312}"#,
        r#"{"media_id_string":"0710511363345354753"}"#,
        r#"{"media_id_string":"٧"}"#,
        r#"{"media_id":true}"#,
        r#"{"media_id":{}}"#,
        r#"{"media_id":null}"#,
        r#"{"id":"710511363345354753"}"#,
        r#"{"data":"710511363345354753"}"#,
        r#"{"data":[{"id":"710511363345354753"}]}"#,
        r#"{"processing_info":{"state":"succeeded"}}"#,
        r#"{"error":"Something went wrong."}"#,
        "{}",
        "[]",
        "null",
        "710511363345354753",
    ];
    for body in bodies {
        refused(media(CommandName::Finalize, body.as_bytes()));
        refused(media(CommandName::Status, body.as_bytes()));
    }
    refused(media(CommandName::Init, b"{}"));
    refused(media(CommandName::Simple, br#"{"media_id":1,"media_id_string":"2"}"#));
    let error = refused(media(CommandName::Finalize, br#"{"error":"Something went wrong."}"#));
    assert_eq!("FINALIZE 710511363345354753: 200 OK, but the body says error: Something went wrong.", error.message);
    assert_eq!((Some(CommandName::Finalize), Some(example())), (error.command, error.media_id));
}

#[test]
fn bodies_that_are_no_json_are_refused() {
    for body in [FINALIZED, PENDING] {
        for length in 0..body.len() {
            refused(media(CommandName::Finalize, &body.as_bytes()[..length]));
        }
    }
    let deep = |open: &str, close: &str| [open.repeat(10_000), close.repeat(10_000)].concat();
    let bodies: [Vec<u8>; 7] = [
        b" \r\n".to_vec(),
        b"<!doctype html><title>Hello</title>".to_vec(),
        b"\xff\xfe\x00garbage".to_vec(),
        b"{\"media_id\":710511363345354753,\"new\":\xff}".to_vec(),
        [FINALIZED, FINALIZED].concat().into_bytes(),
        deep("[", "").into_bytes(),
        deep("{\"error\":", "}").into_bytes(),
    ];
    for body in &bodies {
        for command in [CommandName::Init, CommandName::Finalize, CommandName::Status, CommandName::Metadata] {
            if command == CommandName::Metadata && body.trim_ascii().is_empty() {
                continue;
            }
            refused(answer(command, 200, body));
        }
        refused(tokens(body));
        if body.trim_ascii().is_empty() {
            assert!(matches!(answer(CommandName::Append, 200, body), Ok(Answer::Done)));
        } else {
            refused(answer(CommandName::Append, 200, body));
        }
    }
    refused(answer(CommandName::Finalize, 204, b""));
    let truncated = Response { truncated: true, ..response(200, FINALIZED.as_bytes()) };
    refused(decode(ApiVersion::V2, CommandName::Status, None, &truncated));
}

/// serde_json reads 128 levels; what nobody asks for may go deeper, what is asked for may not.
#[test]
fn only_what_is_needed_must_not_be_nested_too_deeply() {
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let body = |name: &str| format!(r#"{{"media_id":{ID},"{name}":{deep}}}"#).into_bytes();
    assert!(media(CommandName::Finalize, &body("new")).unwrap().ready());
    for name in ["processing_info", "media_key", "errors"] {
        refused(media(CommandName::Finalize, &body(name)));
    }
    refused(tokens(&body("access_token")));
}

#[test]
fn tokens_are_read_and_never_shown() {
    let body = br#"{"access_token":"s3cret","refresh_token":"n3xt","expires_in":"7200","token_type":"bearer"}"#;
    let answer = tokens(body).unwrap();
    assert_eq!(
        ("s3cret", Some("n3xt"), Some(7200.0)),
        (answer.access_token.as_str(), answer.refresh_token.as_deref(), answer.expires_in)
    );
    assert_eq!("Tokens(…)", format!("{answer:?}"));
    for length in 0..body.len() {
        assert!(!format!("{:?}", refused(tokens(&body[..length]))).contains("s3cret"));
    }
    refused(tokens(br#"{"access_token":""}"#));
}

#[test]
fn what_is_no_text_is_replaced_and_nothing_else() {
    let table: [(&[u8], &str); 12] = [
        (b"plain \\n \\u0041 \\\\ud800", "plain \\n \\u0041 \\\\ud800"),
        (b"\\ud83d\\ude00", "\\ud83d\\ude00"),
        (b"\\uD83D\\uDE00", "\\uD83D\\uDE00"),
        (b"\\ud83d", "\\ufffd"),
        (b"\\ude00\\ud83d", "\\ufffd\\ufffd"),
        (b"\\ud83d\\ud83d\\ude00\\ude00", "\\ufffd\\ud83d\\ude00\\ufffd"),
        (b"\\ud83d\\n\\udfff.", "\\ufffd\\n\\ufffd."),
        (b"\\\\\\ud800\\\\", "\\\\\\ufffd\\\\"),
        (b"\\ud8", "\\ud8"),
        (b"\\", "\\"),
        ("\\é\\ud8é0\\u+800".as_bytes(), "\\é\\ud8é0\\u+800"),
        (b"\xff\\ud800", "\u{fffd}\\ufffd"),
    ];
    for (body, expected) in table {
        assert_eq!(expected, lossy_json(body));
        assert_eq!(expected, lossy_json(expected.as_bytes()), "what is lossy_json stays as it is");
    }
}
