//! An error and all that caused it.

/// The kinds of the system's errors among all that caused it.
pub fn io_kinds(error: &(dyn std::error::Error + 'static)) -> impl Iterator<Item = std::io::ErrorKind> {
    sources(error).filter_map(|source| source.downcast_ref::<std::io::Error>()).map(std::io::Error::kind)
}

/// Whether this error is that of a certificate that is not trusted, and will not be the next time either.
pub fn is_bad_certificate(error: &(dyn std::error::Error + 'static)) -> bool {
    matches!(error.downcast_ref(), Some(rustls::Error::InvalidCertificate(_)))
}

/// An error and all that caused it, each once.
pub fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    // These say only that something failed, which the sentence around it does.
    const EMPTY: [&str; 5] = [
        "tunnel error: failed to create underlying connection",
        "error sending request",
        "client error (Connect)",
        "client error (SendRequest)",
        "request or response body error",
    ];
    let mut text = String::new();
    for inner in sources(error).map(ToString::to_string).filter(|inner| !EMPTY.contains(&inner.as_str())) {
        if text.is_empty() {
            text = inner;
        } else if !text.contains(&inner) {
            text.push_str(": ");
            text.push_str(&inner);
        }
    }
    text
}

/// An error and all that caused it.
pub fn sources<'a>(
    error: &'a (dyn std::error::Error + 'static),
) -> impl Iterator<Item = &'a (dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error), |error| match error.downcast_ref::<std::io::Error>() {
        // Its own source is that of the error which it holds.
        Some(error) => error.get_ref().map(|held| held as _),
        None => error.source(),
    })
}
