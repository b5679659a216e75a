//! The requests that commands become, against docs/how/wire.md#2-api-11.

use bytes::Bytes;
use serde_json::{Value, json};
use xmedia::client::model::{ApiVersion, MediaId};
use xmedia::client::protocol::{
    Authentication, Body, Command, Grant, Hosts, Init, MediaMetadata, Part, Payload, Request, Simple, Subtitle,
    TokenRequest, encode,
};
use xmedia::client::x_values::{AltText, MediaType, Owners, SegmentIndex, SubtitledCategory};

const V1_1: &str = "https://upload.twitter.com/1.1/media/upload.json";

fn id(value: u64) -> MediaId {
    MediaId::new(value).unwrap()
}

fn example() -> MediaId {
    id(710511363345354753)
}

fn v1_1(command: Command) -> Request {
    encode(ApiVersion::V1_1, &Hosts::x(), &command)
}

fn v2(command: Command) -> Request {
    encode(ApiVersion::V2, &Hosts::x(), &command)
}

/// A body as a line of text: what is urlencoded, JSON, or the parts of a multipart body.
fn said(body: &Body) -> String {
    match body {
        Body::Empty => String::new(),
        Body::Form(form) => pairs(form),
        Body::Json(json) => String::from_utf8(json.to_vec()).unwrap(),
        Body::Multipart(parts) => {
            let part = |(name, part): &(&str, Part)| match part {
                Part::Text(text) => format!("{name}={text}"),
                Part::File { payload: Payload::Bytes(bytes), media_type } => {
                    format!("{name}:{:?}:{bytes:?}", media_type.as_ref().map(MediaType::as_str))
                }
                Part::File { .. } => panic!("a segment where bytes were given"),
            };
            parts.iter().map(part).collect::<Vec<_>>().join(" ")
        }
    }
}

fn pairs(pairs: &[(&str, String)]) -> String {
    pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

fn json_of(request: &Request) -> Value {
    match &request.body {
        Body::Json(json) => serde_json::from_slice(json).unwrap(),
        other => panic!("{other:?} is not JSON"),
    }
}

fn init() -> Init {
    Init {
        total_bytes: 10240,
        media_type: "video/mp4".to_owned().try_into().unwrap(),
        media_category: Some("tweet_video".to_owned().try_into().unwrap()),
        additional_owners: Owners::default(),
        shared: false,
    }
}

fn bare_init() -> Init {
    Init { media_category: None, ..init() }
}

fn full_init() -> Init {
    Init { additional_owners: vec![id(12), id(9999999999999999999)].try_into().unwrap(), shared: true, ..init() }
}

fn simple() -> Simple {
    Simple {
        media: Payload::Bytes(Bytes::from_static(b"\x89PNG")),
        media_type: Some("image/png".to_owned().try_into().unwrap()),
        media_category: Some("tweet_image".to_owned().try_into().unwrap()),
        additional_owners: vec![id(1), id(2)].try_into().unwrap(),
        shared: false,
    }
}

fn append() -> Command {
    Command::Append {
        media_id: example(),
        segment_index: SegmentIndex::new(Some(999), ApiVersion::V1_1).unwrap(),
        media: Payload::Bytes(Bytes::from_static(b"\0\xff\r\n")),
    }
}

fn subtitle(code: &str) -> Subtitle {
    Subtitle { media_id: id(5), language_code: code.into(), display_name: "English".into() }
}

fn alt_text(text: &str) -> AltText {
    AltText::new("alt_text", text.to_owned()).unwrap()
}

fn set_subtitles(subtitles: Vec<Subtitle>) -> Command {
    Command::SetSubtitles { media_id: example(), media_category: SubtitledCategory::TweetVideo, subtitles }
}

fn delete_subtitles() -> Command {
    Command::DeleteSubtitles {
        media_id: example(),
        media_category: SubtitledCategory::TweetVideo,
        language_code: "EN".into(),
    }
}

/// X's page on FINALIZE, point by point.
#[test]
fn finalize_is_the_documented_request() {
    let request = v1_1(Command::Finalize(example()));
    assert_eq!(http::Method::POST, request.method);
    assert_eq!("https://upload.twitter.com/1.1/media/upload.json", request.url);
    assert!(request.query.is_empty());
    assert!(matches!(request.body, Body::Form(_)));
    assert_eq!("command=FINALIZE&media_id=710511363345354753", said(&request.body));
    assert!(matches!(request.authentication, Authentication::User));
}

#[test]
fn v1_1_says_a_command_to_one_address() {
    let cases = [
        (Command::Init(bare_init()), "POST", "", "command=INIT&total_bytes=10240&media_type=video/mp4"),
        (
            Command::Init(full_init()),
            "POST",
            "",
            "command=INIT&total_bytes=10240&media_type=video/mp4&media_category=tweet_video\
             &additional_owners=12,9999999999999999999&shared=true",
        ),
        (
            append(),
            "POST",
            "",
            "command=APPEND media_id=710511363345354753 segment_index=999 media:None:b\"\\0\\xff\\r\\n\"",
        ),
        (Command::Status(example()), "GET", "command=STATUS&media_id=710511363345354753", ""),
        (
            Command::Simple(simple()),
            "POST",
            "",
            "media_category=tweet_image additional_owners=1,2 media:Some(\"image/png\"):b\"\\x89PNG\"",
        ),
    ];
    for (command, method, query, body) in cases {
        let request = v1_1(command);
        let got = (request.method.as_str(), request.url.as_str(), pairs(&request.query), said(&request.body));
        assert_eq!((method, V1_1, query.to_owned(), body.to_owned()), got);
        assert!(matches!(request.authentication, Authentication::User));
    }
}

#[test]
fn v1_1_takes_alt_text_and_subtitles_as_json() {
    let one = json!({"media_id": "5", "language_code": "EN", "display_name": "English"});
    let two = json!({"media_id": "5", "language_code": "DE", "display_name": "English"});
    let media_id = "710511363345354753";
    let cases = [
        (
            Command::Metadata { media_id: example(), metadata: MediaMetadata::alt_text(alt_text("a \"cat\" 🐈")) },
            "metadata/create.json",
            json!({"media_id": media_id, "alt_text": {"text": "a \"cat\" 🐈"}}),
        ),
        (
            set_subtitles(vec![subtitle("EN"), subtitle("DE")]),
            "subtitles/create.json",
            json!({
                "media_id": media_id,
                "media_category": "TweetVideo",
                "subtitle_info": {"subtitles": [one, two]},
            }),
        ),
        (
            delete_subtitles(),
            "subtitles/delete.json",
            json!({
                "media_id": media_id,
                "media_category": "TweetVideo",
                "subtitle_info": {"subtitles": [{"language_code": "EN"}]},
            }),
        ),
    ];
    for (command, path, body) in cases {
        let request = v1_1(command);
        assert_eq!(http::Method::POST, request.method);
        assert_eq!(format!("https://upload.twitter.com/1.1/media/{path}"), request.url);
        assert_eq!(body, json_of(&request));
    }
}

#[test]
fn v2_has_a_resource_for_each_step() {
    let upload = "https://api.x.com/2/media/upload";
    let status = "command=STATUS&media_id=710511363345354753";
    let cases = [
        (
            append(),
            "POST",
            format!("{upload}/710511363345354753/append"),
            "",
            "segment_index=999 media:None:b\"\\0\\xff\\r\\n\"",
        ),
        (Command::Finalize(example()), "POST", format!("{upload}/710511363345354753/finalize"), "", "{}"),
        (Command::Status(example()), "GET", upload.to_owned(), status, ""),
        (
            Command::Simple(simple()),
            "POST",
            upload.to_owned(),
            "",
            "media_category=tweet_image additional_owners=1,2 media:Some(\"image/png\"):b\"\\x89PNG\"",
        ),
    ];
    for (command, method, url, query, body) in cases {
        let request = v2(command);
        let got = (request.method.as_str(), request.url.as_str(), pairs(&request.query), said(&request.body));
        assert_eq!((method, url.as_str(), query.to_owned(), body.to_owned()), got);
        assert!(matches!(request.authentication, Authentication::User));
    }
}

#[test]
fn v2_bodies_have_only_documented_properties() {
    let media_id = "710511363345354753";
    let cases = [
        (
            Command::Init(bare_init()),
            "POST",
            "upload/initialize",
            json!({"total_bytes": 10240, "media_type": "video/mp4"}),
        ),
        (
            Command::Init(full_init()),
            "POST",
            "upload/initialize",
            json!({
                "total_bytes": 10240,
                "media_type": "video/mp4",
                "media_category": "tweet_video",
                "additional_owners": ["12", "9999999999999999999"],
                "shared": true,
            }),
        ),
        (Command::Finalize(example()), "POST", "upload/710511363345354753/finalize", json!({})),
        (
            Command::Metadata { media_id: example(), metadata: MediaMetadata::alt_text(alt_text("a cat")) },
            "POST",
            "metadata",
            json!({"id": media_id, "metadata": {"alt_text": {"text": "a cat"}}}),
        ),
        (
            set_subtitles(vec![subtitle("EN")]),
            "POST",
            "subtitles",
            json!({
                "id": media_id,
                "media_category": "TweetVideo",
                "subtitles": {"id": "5", "language_code": "EN", "display_name": "English"},
            }),
        ),
        (
            delete_subtitles(),
            "DELETE",
            "subtitles",
            json!({"id": media_id, "media_category": "TweetVideo", "language_code": "EN"}),
        ),
    ];
    for (command, method, path, body) in cases {
        let request = v2(command);
        assert_eq!(method, request.method.as_str());
        assert_eq!(format!("https://api.x.com/2/media/{path}"), request.url);
        assert_eq!(body, json_of(&request));
    }
}

#[test]
fn a_token_is_refreshed_at_v2_whatever_the_version() {
    let refresh = |client_secret: Option<&str>| {
        Command::Token(TokenRequest {
            grant: Grant::Refresh("r".into()),
            client_id: "c".into(),
            client_secret: client_secret.map(str::to_owned),
        })
    };
    for version in [ApiVersion::V1_1, ApiVersion::V2] {
        let request = encode(version, &Hosts::x(), &refresh(Some("s")));
        assert_eq!(("POST", "https://api.x.com/2/oauth2/token"), (request.method.as_str(), request.url.as_str()));
        assert_eq!("grant_type=refresh_token&refresh_token=r&client_id=c", said(&request.body));
        let Authentication::App { client_id, client_secret } = &request.authentication else {
            panic!("{:?}", request.authentication)
        };
        assert_eq!(("c", "s"), (client_id.as_str(), client_secret.as_str()));
        assert!(matches!(encode(version, &Hosts::x(), &refresh(None)).authentication, Authentication::None));
    }
}

#[test]
fn a_base_url_replaces_both_hosts() {
    let hosts = Hosts::at("http://127.0.0.1:8080/prefix");
    let finalize = Command::Finalize(example());
    assert_eq!("http://127.0.0.1:8080/prefix/1.1/media/upload.json", encode(ApiVersion::V1_1, &hosts, &finalize).url);
    assert_eq!(
        "http://127.0.0.1:8080/prefix/2/media/upload/710511363345354753/finalize",
        encode(ApiVersion::V2, &hosts, &finalize).url
    );
}
