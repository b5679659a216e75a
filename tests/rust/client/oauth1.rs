//! OAuth 1.0a signatures against RFC 5849's examples and against Python's oauthlib.

use serde_json::Value;
use xmedia::client::auth::oauth1::{Credentials, Signer, base_string, base_string_uri, signature};

/// RFC 5849 §3.4.1.1, as erratum 2550 has it.
#[test]
fn the_base_string_of_the_rfc() {
    let parameters = [
        ("b5", "=%3D"),
        ("a3", "a"),
        ("c@", ""),
        ("a2", "r b"),
        ("oauth_consumer_key", "9djdj82h48djs9d2"),
        ("oauth_token", "kkk9d7dh3k39sjv7"),
        ("oauth_signature_method", "HMAC-SHA1"),
        ("oauth_timestamp", "137131201"),
        ("oauth_nonce", "7d8f3e4a"),
        ("c2", ""),
        ("a3", "2 q"),
    ];
    let base = base_string("post", "http://EXAMPLE.com:80/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b", &parameters);
    let expected = "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26\
                    c%2540%3D%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26\
                    oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7";
    assert_eq!(expected, base);
    assert_eq!("r6/TJjbCOr97/+UU0NsvSne7s5g=", signature(&base, "j49sk3j29djd", "dh893hdasih9"));
}

/// RFC 5849 §1.2: the three HMAC-SHA1 requests of the printing example.
#[test]
fn the_signatures_of_the_rfc() {
    let common = [("oauth_consumer_key", "dpf43f3p2l4k3l03"), ("oauth_signature_method", "HMAC-SHA1")];
    let cases: [(&str, &str, &[(&str, &str)], &str, &str); 3] = [
        (
            "POST",
            "https://photos.example.net/initiate",
            &[
                ("oauth_timestamp", "137131200"),
                ("oauth_nonce", "wIjqoS"),
                ("oauth_callback", "http://printer.example.com/ready"),
            ],
            "",
            "74KNZJeDHnMBp0EMJ9ZHt/XKycU=",
        ),
        (
            "POST",
            "https://photos.example.net/token",
            &[
                ("oauth_token", "hh5s93j4hdidpola"),
                ("oauth_timestamp", "137131201"),
                ("oauth_nonce", "walatlh"),
                ("oauth_verifier", "hfdp7dh39dks9884"),
            ],
            "hdhd0244k9j7ao03",
            "gKgrFCywp7rO0OXSjdot/IHF7IU=",
        ),
        (
            "GET",
            "http://photos.example.net/photos?file=vacation.jpg&size=original",
            &[
                ("file", "vacation.jpg"),
                ("size", "original"),
                ("oauth_token", "nnch734d00sl2jdk"),
                ("oauth_timestamp", "137131202"),
                ("oauth_nonce", "chapoH"),
            ],
            "pfkkdhi9sl3r4s00",
            "MdpQcU8iPSUjWoN/UDMsK2sui9I=",
        ),
    ];
    for (method, url, parameters, token_secret, expected) in cases {
        let base = base_string(method, url, &[parameters, &common[..]].concat());
        assert_eq!(expected, signature(&base, "kd94hf93k423kf44", token_secret), "{url}");
    }
}

#[test]
fn the_base_string_uri_has_no_user_default_port_query_or_fragment() {
    let cases = [
        ("http://EXAMPLE.COM:80/r%20v/X?id=123", "http://example.com/r%20v/X"),
        ("https://www.example.net:8080/?q=1", "https://www.example.net:8080/"),
        ("HTTPS://Api.X.com:443", "https://api.x.com/"),
        ("https://api.x.com:80/2", "https://api.x.com:80/2"),
        ("http://api.x.com:443/2", "http://api.x.com:443/2"),
        ("https://api.x.com:/2", "https://api.x.com/2"),
        ("https://api.x.com?a=/b", "https://api.x.com/"),
        ("https://user:p@ss@api.x.com/2#fragment?x", "https://api.x.com/2"),
        ("http://[::1]:80/A", "http://[::1]/A"),
        ("http://[::1]:8080/A", "http://[::1]:8080/A"),
        ("nothing", "nothing"),
    ];
    for (url, expected) in cases {
        assert_eq!(expected, base_string_uri(url), "{url}");
    }
}

/// `tests/rust/data/make_oauth1_vectors.py` says how the table was made.
#[test]
fn headers_equal_those_of_oauthlib() {
    let vectors: Vec<Value> = serde_json::from_str(include_str!("../data/oauth1_vectors.json")).unwrap();
    assert!(vectors.len() >= 300);
    for vector in &vectors {
        let text = |name: &str| vector[name].as_str().unwrap();
        let credential = |index: usize| vector["credentials"][index].as_str().unwrap().to_owned();
        let credentials = Credentials {
            consumer_key: credential(0),
            consumer_secret: credential(1),
            access_token: credential(2),
            access_token_secret: credential(3),
        };
        let pairs = vector["parameters"].as_array().unwrap();
        let parameters: Vec<(&str, &str)> =
            pairs.iter().map(|pair| (pair[0].as_str().unwrap(), pair[1].as_str().unwrap())).collect();
        let timestamp = vector["timestamp"].as_u64().unwrap();
        let signer = Signer::new(&credentials);
        let header = signer.authorization(text("method"), text("url"), &parameters, text("nonce"), timestamp);
        let mut fields: Vec<&str> = header.strip_prefix("OAuth ").unwrap().split(", ").collect();
        fields.sort_unstable();
        assert_eq!(text("header"), fields.join(", "), "{vector}");
        assert_eq!(text("uri"), base_string_uri(text("url")));
    }
}

#[test]
fn credentials_do_not_show_themselves() {
    let secret = || "s3cret".to_owned();
    let credentials = Credentials {
        consumer_key: secret(),
        consumer_secret: secret(),
        access_token: secret(),
        access_token_secret: secret(),
    };
    assert_eq!("Credentials(…)", format!("{credentials:?}"));
}
