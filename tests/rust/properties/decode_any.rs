//! What holds for every answer, whatever stands in it: no panic, and no success that is none.

use proptest::prelude::*;
use serde_json::{Value, json};
use xmedia::client::model::{ApiVersion, CommandName};
use xmedia::client::protocol::decode;

use crate::protocol::decode::{ID, example, media, response};

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop_oneof![Just("succeeded"), Just("failed"), Just("710511363345354753")].prop_map(Value::from),
        ".*".prop_map(Value::from),
    ];
    let key = prop_oneof![
        Just("data"),
        Just("errors"),
        Just("error"),
        Just("id"),
        Just("media_id"),
        Just("state"),
        Just("status"),
        Just("processing_info"),
        Just("message"),
        Just("title"),
        Just("type"),
        Just("code"),
        Just("detail"),
    ];
    leaf.prop_recursive(4, 32, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key.clone().prop_map(str::to_owned), inner), 0..6)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

fn decode_all(code: u16, body: &[u8]) {
    for command in CommandName::ALL {
        for version in [ApiVersion::V1_1, ApiVersion::V2] {
            if let Err(error) = decode(version, command, Some(example()), &response(code, body)) {
                assert_eq!((Some(command), Some(example())), (error.command, error.media_id));
                assert!(!error.message.is_empty() && error.message.len() < 2000);
            }
        }
    }
}

proptest! {
    #[test]
    fn no_body_makes_it_panic(code in 100..700u16, body in prop::collection::vec(any::<u8>(), 0..200)) {
        decode_all(code, &body);
    }

    #[test]
    fn no_json_makes_it_panic(code in prop_oneof![Just(200u16), Just(400), Just(429)], body in any_json()) {
        decode_all(code, body.to_string().as_bytes());
    }

    /// Whatever else an answer says: with an error object it is never ready, and without the right id never media.
    #[test]
    fn an_error_object_is_never_ready(mut info in any_json(), error in any_json(), extra in any_json(), v2: bool) {
        let error = if error.is_object() { error } else { json!({"was": error}) };
        match info.as_object_mut() {
            Some(info) => drop(info.insert("error".into(), error)),
            None => info = json!({"state": info, "error": error}),
        }
        let body = if v2 {
            json!({"data": {"id": ID.to_string(), "processing_info": info, "extra": extra}})
        } else {
            json!({"media_id": ID, "processing_info": info, "extra": extra})
        };
        let media = media(CommandName::Status, body.to_string().as_bytes()).unwrap();
        prop_assert!(!media.ready() && media.failed());
    }

    #[test]
    fn without_the_right_id_nothing_is_media(body in any_json()) {
        if let Ok(media) = media(CommandName::Status, body.to_string().as_bytes()) {
            prop_assert_eq!(example(), media.media_id);
            prop_assert!(body.to_string().contains("710511363345354753"));
        }
    }
}
