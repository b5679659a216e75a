//! Texts of records without the secrets that were known when they are written.

use crate::client::kept_exchange::Secrets;
use crate::client::protocol::{self, MIN_PASSWORD_LEN, MIN_SECRET_LEN, masked};

/// Adds secrets in each of their forms, except those that are already there.
pub(super) fn add_forms(secrets: &mut Secrets, found: &Secrets) {
    protocol::add_forms(secrets, found, MIN_SECRET_LEN);
}

/// The same for what proxies are given.
pub(super) fn add_password_forms(secrets: &mut Secrets, found: &Secrets) {
    protocol::add_forms(secrets, found, MIN_PASSWORD_LEN);
}

/// The text without these secrets, in whichever form they stand there.
pub fn without_secrets(text: String, found: &Secrets) -> String {
    let mut secrets = Secrets::new();
    add_forms(&mut secrets, found);
    mask(text, &secrets)
}

/// The text without these secrets.
pub(super) fn mask(text: String, secrets: &Secrets) -> String {
    masked(&text, secrets).unwrap_or(text)
}
