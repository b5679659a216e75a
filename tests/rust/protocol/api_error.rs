//! The error that each shape of failure in docs/how/wire.md#4-errors becomes, and what its message says.

use std::time::Duration;

use bytes::Bytes;
use xmedia::client::error::{ApiClass, ApiFailure, Error};
use xmedia::client::model::{ApiVersion, CommandName};
use xmedia::client::protocol::{Response, decode};

use crate::protocol::decode::{example, now, response};
use crate::protocol::headers::headers;

fn refusal(version: ApiVersion, command: CommandName, response: &Response) -> Error {
    let asked = (!matches!(command, CommandName::Init | CommandName::Token)).then(example);
    let error = decode(version, command, asked, response).unwrap_err();
    assert!(error.api().is_some(), "{error:?}");
    assert_eq!((Some(command), asked), (error.command, error.media_id));
    error
}

fn finalize(status: u16, body: &str) -> Error {
    refusal(ApiVersion::V2, CommandName::Finalize, &response(status, body.as_bytes()))
}

/// The fields that a body fills: class, code, title, detail, problem type, not found.
type Said<'a> = (ApiClass, Option<i64>, Option<&'a str>, Option<&'a str>, Option<&'a str>, bool);

fn said(failure: &ApiFailure) -> Said<'_> {
    (
        failure.class,
        failure.code,
        failure.title.as_deref(),
        failure.detail.as_deref(),
        failure.problem_type.as_deref(),
        failure.not_found,
    )
}

#[test]
fn every_shape_of_error_is_read() {
    use ApiClass::*;
    let invalid = "https://api.twitter.com/2/problems/invalid-request";
    let depleted = "https://api.x.com/2/problems/credits-depleted";
    let capped = "https://api.twitter.com/2/problems/usage-capped";
    let limited = "https://api.x.com/2/problems/rate-limit-exceeded";
    let segments = "Segments do not add up to provided total file size.";
    let cases: &[(u16, &str, Said)] = &[
        (
            400,
            r#"{"errors":[{"code":324,"message":"Duration too long, maximum:30000"}]}"#,
            (BadRequest, Some(324), None, Some("Duration too long, maximum:30000"), None, false),
        ),
        (
            400,
            r#"{"request":"/1.1/media/upload.json","error":"Segments do not add up to provided total file size."}"#,
            (BadRequest, None, None, Some(segments), None, false),
        ),
        (
            400,
            r#"{"errors":[{"message":"BadRequest: Not found","parameters":{"id":["1"]}}],"title":"Invalid Request","detail":"One or more parameters to your request was invalid.","type":"https://api.twitter.com/2/problems/invalid-request"}"#,
            (
                BadRequest,
                None,
                Some("Invalid Request"),
                Some("One or more parameters to your request was invalid."),
                Some(invalid),
                true,
            ),
        ),
        (400, "media type unrecognized\r\n", (BadRequest, None, None, Some("media type unrecognized"), None, false)),
        (400, r#""as a string""#, (BadRequest, None, None, Some("as a string"), None, false)),
        (400, r#"{"unknown":["shape"]}"#, (BadRequest, None, None, None, None, false)),
        (400, r#"{"errors":[{"code":324,"#, (BadRequest, None, None, None, None, false)),
        (400, r#"{"errors":[null,7,[]],"error":{}}"#, (BadRequest, None, None, None, None, false)),
        (
            401,
            r#"{"errors":[{"code":32,"message":"Could not authenticate you."}]}"#,
            (Authentication, Some(32), None, Some("Could not authenticate you."), None, false),
        ),
        (
            401,
            r#"{"title":"Unauthorized","type":"about:blank","status":401,"detail":"Unauthorized"}"#,
            (Authentication, None, Some("Unauthorized"), Some("Unauthorized"), Some("about:blank"), false),
        ),
        (
            402,
            r#"{"title":"Payment Required","detail":"credits depleted","type":"https://api.x.com/2/problems/credits-depleted"}"#,
            (PaymentRequired, None, Some("Payment Required"), Some("credits depleted"), Some(depleted), false),
        ),
        (402, "", (PaymentRequired, None, None, None, None, false)),
        (
            403,
            r#"{"detail":"credits depleted","type":"https://api.x.com/2/problems/credits-depleted/"}"#,
            (
                PaymentRequired,
                None,
                None,
                Some("credits depleted"),
                Some("https://api.x.com/2/problems/credits-depleted/"),
                false,
            ),
        ),
        (403, "", (PermissionDenied, None, None, None, None, false)),
        (
            404,
            r#"{"errors":[{"code":34,"message":"Sorry, that page does not exist."}]}"#,
            (NotFound, Some(34), None, Some("Sorry, that page does not exist."), None, true),
        ),
        (404, "", (NotFound, None, None, None, None, true)),
        (400, r#"{"errors":[{"code":"34"}]}"#, (BadRequest, Some(34), None, None, None, true)),
        (413, "", (PayloadTooLarge, None, None, None, None, false)),
        (431, "", (Other, None, None, None, None, false)),
        (
            429,
            r#"{"errors":[{"code":88,"message":"Rate limit exceeded"}]}"#,
            (RateLimit, Some(88), None, Some("Rate limit exceeded"), None, false),
        ),
        (
            400,
            r#"{"type":"https://api.x.com/2/problems/rate-limit-exceeded"}"#,
            (RateLimit, None, None, None, Some(limited), false),
        ),
        (
            429,
            r#"{"title":"UsageCapExceeded","detail":"Usage cap exceeded: Monthly product cap","type":"https://api.twitter.com/2/problems/usage-capped"}"#,
            (
                UsageCapExceeded,
                None,
                Some("UsageCapExceeded"),
                Some("Usage cap exceeded: Monthly product cap"),
                Some(capped),
                false,
            ),
        ),
        (
            503,
            r#"{"errors":[{"type":"https://api.twitter.com/2/problems/usage-capped"}]}"#,
            (UsageCapExceeded, None, None, None, Some(capped), false),
        ),
        (
            500,
            r#"{"errors":["internal server error"]}"#,
            (Server, None, None, Some("internal server error"), None, false),
        ),
        (
            503,
            r#"{"errors":[{"code":130,"message":"Over capacity"}]}"#,
            (Server, Some(130), None, Some("Over capacity"), None, false),
        ),
        (
            502,
            "<html><head><TITLE>502 Bad\n Gateway</TITLE></head>",
            (Server, None, None, Some("502 Bad Gateway"), None, false),
        ),
        (504, "<html>", (Server, None, None, None, None, false)),
        (418, r#"{"code":7,"message":"no"}"#, (Other, Some(7), None, Some("no"), None, false)),
        (
            400,
            r#"{"error":"invalid_request","error_description":"Value passed for the token was invalid."}"#,
            (BadRequest, None, Some("invalid_request"), Some("Value passed for the token was invalid."), None, false),
        ),
        (
            400,
            r#"{"error":{"code":3,"message":"in error"}}"#,
            (BadRequest, Some(3), None, Some("in error"), None, false),
        ),
        (400, r#"[{"code":3,"message":"in an array"}]"#, (BadRequest, Some(3), None, Some("in an array"), None, false)),
        (302, "", (Other, None, None, None, None, false)),
        (410, "", (Other, None, None, None, None, false)),
    ];
    for (status, body, expected) in cases {
        let error = finalize(*status, body);
        let failure = error.api().unwrap();
        assert_eq!(*expected, said(failure), "{status} {body}");
        assert_eq!((*status, *body, false), (failure.status, failure.body.as_str(), failure.ambiguous));
    }
}

#[test]
fn a_refusal_says_whether_and_when_to_come_again() {
    let reset = ("x-rate-limit-reset", "1800000900");
    let soon = ("retry-after", "7");
    let second = Duration::from_secs(1);
    // (status, body, headers, retryable, retry_after)
    let cases: [(u16, &str, &[(&str, &str)], bool, Option<Duration>); 12] = [
        (429, "", &[], true, None),
        (429, "", &[reset], true, Some(900 * second)),
        (429, "", &[soon], true, Some(7 * second)),
        (429, r#"{"type":"x/usage-capped"}"#, &[reset, soon], false, None),
        (402, "", &[reset, soon], false, None),
        (503, "", &[reset, soon], true, Some(7 * second)),
        (500, "", &[reset], true, None),
        (408, "", &[], true, None),
        (425, "", &[soon], true, Some(7 * second)),
        (404, "", &[soon], false, None),
        (403, "", &[reset], false, None),
        (301, "", &[soon], false, None),
    ];
    for (status, body, pairs, retryable, retry_after) in cases {
        let response = Response { headers: headers(pairs), ..response(status, body.as_bytes()) };
        let error = refusal(ApiVersion::V1_1, CommandName::Append, &response);
        assert_eq!((retryable, retry_after), (error.retryable, error.retry_after), "{status} {pairs:?}");
        assert_eq!(status, error.api().unwrap().retry_status());
    }
}

#[test]
fn headers_are_kept() {
    let pairs = [("x-transaction-id", "abc"), ("x-rate-limit-remaining", "3")];
    let error =
        refusal(ApiVersion::V2, CommandName::Status, &Response { headers: headers(&pairs), ..response(500, b"") });
    let failure = error.api().unwrap();
    assert_eq!((Some("abc"), Some(3)), (failure.request_id.as_deref(), failure.rate_limit.unwrap().remaining));
}

#[test]
fn a_body_is_kept_as_text_up_to_4_kib() {
    let long = "é".repeat(4000);
    let deep = "[".repeat(10_000);
    let cases: [(&[u8], usize, &str); 4] = [
        (b"\xff\xfeno text", 13, "\u{fffd}\u{fffd}no text"),
        (long.as_bytes(), 4096, "é"),
        (&long.as_bytes()[1..], 4095, "\u{fffd}é"),
        (deep.as_bytes(), 4096, "["),
    ];
    for (body, length, start) in cases {
        let error = refusal(ApiVersion::V2, CommandName::Finalize, &response(500, body));
        let text = &error.api().unwrap().body;
        assert!(text.len() == length && text.starts_with(start), "{} {text}", text.len());
        assert!(error.message.chars().count() < 700 && !error.message.contains(char::is_control));
    }
    let truncated = Response { truncated: true, ..response(400, br#"{"error":"cut"#) };
    assert_eq!(ApiClass::BadRequest, refusal(ApiVersion::V2, CommandName::Init, &truncated).api().unwrap().class);
}

#[test]
fn a_message_says_what_failed_what_the_server_said_and_what_to_do() {
    use ApiVersion::{V1_1, V2};
    use CommandName::*;
    let forbidden = r#"{"title":"Forbidden","type":"about:blank","status":403,"detail":"Forbidden"}"#;
    let cases = [
        (
            (V2, Finalize, 403, forbidden),
            "FINALIZE 710511363345354753: 403 Forbidden. Use a user's token with the scope media.write; app-only bearer \
             tokens are refused.",
        ),
        (
            (V1_1, Init, 403, ""),
            "INIT: 403 Forbidden. X is ending media upload in API 1.1: the same client with api=\"2\" uses API 2.",
        ),
        (
            (V1_1, Simple, 410, ""),
            "image upload 710511363345354753: 410 Gone. X is ending media upload in API 1.1: the same client with api=\"2\" uses API 2.",
        ),
        (
            (V1_1, Simple, 404, ""),
            "image upload 710511363345354753: 404 Not Found. X is ending media upload in API 1.1: the same client with api=\"2\" uses API 2.",
        ),
        (
            (V1_1, Init, 403, r#"{"errors":[{"code":326,"message":"Locked."}]}"#),
            "INIT: 403 Forbidden: Locked (code 326). The account is locked: its user has to log in at x.com and unlock it.",
        ),
        (
            (V1_1, Simple, 403, r#"{"errors":[{"code":453,"message":"A subset."}]}"#),
            "image upload 710511363345354753: 403 Forbidden: A subset (code 453). The app's access level does not include this: see its project in \
             X's developer console.",
        ),
        (
            (V1_1, Finalize, 410, ""),
            "FINALIZE 710511363345354753: 410 Gone. Check the id; X is ending media upload in API 1.1: the same client \
             with api=\"2\" uses API 2.",
        ),
        (
            (V1_1, Finalize, 400, r#"{"error":"Segments do not add up to provided total file size."}"#),
            "FINALIZE 710511363345354753: 400 Bad Request: Segments do not add up to provided total file size",
        ),
        (
            (V1_1, Append, 401, r#"{"errors":[{"code":32,"message":"Could not authenticate you."}]}"#),
            "APPEND 710511363345354753: 401 Unauthorized: Could not authenticate you (code 32). Check the four OAuth 1.0a \
             credentials and this machine's clock.",
        ),
        (
            (V2, Append, 413, ""),
            "APPEND 710511363345354753: 413 Payload Too Large. Send smaller segments: 1 MiB works.",
        ),
        (
            (V2, Status, 429, ""),
            "STATUS 710511363345354753: 429 Too Many Requests. The server does not say when to try again.",
        ),
        (
            (V2, Status, 200, r#"{"errors":[{"detail":"Over capacity","status":503}]}"#),
            "STATUS 710511363345354753: 200 OK, but with a problem: Over capacity. The fault is the server's: the same call \
             may succeed later.",
        ),
        (
            (
                V2,
                Finalize,
                599,
                r#"{"title":"Not recorded","detail":"FINALIZE 7 (API 2) was not recorded","status":599}"#,
            ),
            "FINALIZE 710511363345354753: 599: FINALIZE 7 (API 2) was not recorded. This is a mock server that replays a \
             recording, and answers only what was recorded.",
        ),
        ((V2, Init, 302, ""), "INIT: 302 Found. Redirects are not followed: check base_url."),
        (
            (
                V2,
                Token,
                400,
                r#"{"error":"invalid_request","error_description":"Value passed for the token was invalid."}"#,
            ),
            "TOKEN: 400 Bad Request: Value passed for the token was invalid. It was used before, has expired, was \
             revoked, or belongs to another app: log in again.",
        ),
        (
            (V2, Token, 401, r#"{"error":"invalid_client"}"#),
            "TOKEN: 401 Unauthorized: invalid_client. Check the app's client_id and client_secret.",
        ),
        ((V2, Token, 400, r#"{"error":"temporarily_unavailable"}"#), "TOKEN: 400 Bad Request: temporarily_unavailable"),
    ];
    for ((version, command, status, body), expected) in cases {
        let error = refusal(version, command, &response(status, body.as_bytes()));
        assert_eq!(expected, error.message);
        assert_eq!(expected, error.to_string());
    }
}

#[test]
fn a_message_says_when_to_come_again_and_how_far_the_clock_is_off() {
    let later = Response { headers: headers(&[("x-rate-limit-reset", "1800000900")]), ..response(429, b"") };
    let error = refusal(ApiVersion::V2, CommandName::Finalize, &later);
    assert!(error.message.ends_with("Try again in 900 s."), "{error}");
    let date = httpdate::fmt_http_date(now() + Duration::from_secs(300));
    let off = Response { headers: headers(&[("date", &date)]), ..response(401, b"") };
    let error = refusal(ApiVersion::V1_1, CommandName::Finalize, &off);
    assert!(error.message.ends_with("This machine's clock is 300 s off the server's: correct it."), "{error}");
}

#[test]
fn the_answer_to_a_token_refresh_is_not_kept() {
    for body in [r#"{"access_token":"s3cret"}"#, r#"{"access_token":"s3cret"#] {
        let response = Response { body: Bytes::from_static(body.as_bytes()), ..response(500, b"") };
        let error = refusal(ApiVersion::V2, CommandName::Token, &response);
        assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
    }
}
