//! OAuth 1.0a, whatever is signed: what is encoded decodes to itself, base strings do not depend on the order.

use proptest::prelude::*;

use crate::properties::oauth1;

/// Text of which much is reserved, or sorts otherwise before it is encoded than after.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![".*", "[-._~!*'()%&=+/? a-c\u{e9}\u{1f63b}]{0,12}", Just(String::new())]
}

fn url() -> impl Strategy<Value = String> {
    prop_oneof![
        ".*",
        "(http|HTTPS|x)://([a-cA-C]{0,3}@)?[a-cA-C.]{0,5}(:[0-9]{0,3})?(/[a-c%&=]{0,5}){0,3}([?#].{0,9})?"
    ]
}

proptest! {
    #[test]
    fn the_properties_hold(
        url in url(),
        // Few names, so that some come twice.
        parameters in prop::collection::vec((prop_oneof!["[ab%]{0,2}".boxed(), text().boxed()], text()), 0..8),
    ) {
        let pairs = parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        oauth1::hold((&url, pairs));
    }
}
