//! The forms in which a secret may stand in a text. As it is, in any case, percent-encoded and escaped for JSON or HTML the
//! search for it finds by itself; hexadecimal is another spelling, and base64 shifts its bits, so that each of the three
//! places in a group has a form of its own.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

use crate::client::kept_exchange::Secrets;

/// Shorter texts may be ordinary words and are not masked; credentials of X are longer.
pub const MIN_SECRET_LEN: usize = 8;
/// A proxy's password may be this short.
pub const MIN_PASSWORD_LEN: usize = 4;

/// Adds secrets and their forms, except those that are shorter than this or already there.
pub fn add_forms(secrets: &mut Secrets, found: &Secrets, shortest: usize) {
    for secret in found {
        if secret.len() >= shortest && !secrets.contains(secret) {
            secrets.extend(base64_forms(secret));
            secrets.push(hexadecimal(secret));
            secrets.push(secret.clone());
        }
    }
}

fn hexadecimal(secret: &str) -> Zeroizing<String> {
    let mut digits = Zeroizing::new(String::with_capacity(secret.len() * 2));
    for byte in secret.bytes() {
        digits.extend([byte >> 4, byte & 15].into_iter().filter_map(|digit| char::from_digit(digit.into(), 16)));
    }
    digits
}

/// A secret within a text in base64, at each of the three places in a group where it may begin. The characters that
/// depend on what stands before and after it are left out.
fn base64_forms(secret: &str) -> Secrets {
    let mut forms = Secrets::new();
    for shift in 0..3 {
        let padded = Zeroizing::new([&vec![0; shift], secret.as_bytes()].concat());
        let (from, to) = ((shift * 8).div_ceil(6), padded.len() * 8 / 6);
        for encoded in [STANDARD_NO_PAD.encode(&*padded), URL_SAFE_NO_PAD.encode(&*padded)] {
            let encoded = Zeroizing::new(encoded);
            let form = encoded.get(from..to).filter(|form| form.len() >= MIN_SECRET_LEN);
            if let Some(form) = form.filter(|form| forms.iter().all(|other| other.as_str() != *form)) {
                forms.push(Zeroizing::new(form.to_owned()));
            }
        }
    }
    forms
}
