//! OAuth 2.0 user tokens: one that is used as it is, one that is refreshed, or one that the program provides.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use arc_swap::{ArcSwap, ArcSwapOption};

use super::chain::{Beginning, Chain};
pub use super::token::{App, REFRESH_MARGIN, Secret, Token};
use super::token_file::TokenFile;
use crate::client::error::Result;
use crate::client::model::UploadScope;

/// The scope that uploading needs (docs/how/wire.md §8).
const UPLOAD_SCOPE: &str = "media.write";
/// How many tokens that were replaced are remembered, a few days of them.
const MAX_REPLACED: usize = 64;

/// A user's OAuth 2.0 credentials. Clones share the newest token: it is published without a lock, so that a forked
/// child starts from the last one.
#[derive(Clone)]
pub struct Credentials(TokenSource);

#[derive(Clone)]
enum TokenSource {
    Kept {
        newest: Arc<ArcSwap<Token>>,
        /// Those that were replaced, which a server may still repeat.
        replaced: Arc<ArcSwap<Vec<Arc<Token>>>>,
        app: Option<App>,
        chain: Option<Arc<Chain>>,
        /// What was granted, as far as the program or the server has said it.
        scope: Arc<ArcSwapOption<Vec<String>>>,
    },
    Asked,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("OAuth2(…)")
    }
}

impl Credentials {
    /// A token that is used as it is.
    pub fn new(access_token: String) -> Self {
        Self::refreshed(access_token.into(), None, None, None)
    }

    /// A token that is refreshed, if it has a refresh token and an app.
    pub fn refreshed(
        access_token: Secret,
        refresh_token: Option<Secret>,
        expires_at: Option<SystemTime>,
        app: Option<App>,
    ) -> Self {
        let token = Token { access_token, refresh_token, expires_at, version: 0, serial: 0 };
        Credentials(TokenSource::Kept {
            newest: Arc::new(ArcSwap::from_pointee(token)),
            replaced: Arc::default(),
            app,
            chain: None,
            scope: Arc::default(),
        })
    }

    /// A token that is kept in a file, together with all who use that. It blocks as long as the disk does.
    pub fn stored(
        file: TokenFile,
        access_token: Secret,
        expires_at: Option<SystemTime>,
        app: App,
        beginning: Beginning,
    ) -> Result<Self> {
        let token = Token { access_token, refresh_token: None, expires_at, version: 0, serial: 0 };
        let (token, chain) = Chain::open(file, token, &app, beginning)?;
        let newest = Arc::new(ArcSwap::from_pointee(token));
        let (app, chain) = (Some(app), Some(Arc::new(chain)));
        Ok(Credentials(TokenSource::Kept { newest, replaced: Arc::default(), app, chain, scope: Arc::default() }))
    }

    /// Tokens that the program provides.
    pub fn asked() -> Self {
        Credentials(TokenSource::Asked)
    }

    /// The newest token; `None` if the program provides it.
    pub fn newest(&self) -> Option<Arc<Token>> {
        match &self.0 {
            TokenSource::Kept { newest, .. } => Some(newest.load_full()),
            TokenSource::Asked => None,
        }
    }

    /// The app that the tokens were given to, if it is known.
    pub fn client_id(&self) -> Option<&str> {
        match &self.0 {
            TokenSource::Kept { app, .. } => app.as_ref().map(|app| app.client_id.as_str()),
            TokenSource::Asked => None,
        }
    }

    /// Whether the client can refresh the token by itself.
    pub fn can_refresh(&self) -> bool {
        match &self.0 {
            TokenSource::Kept { newest, app, chain, .. } => {
                app.is_some() && (chain.is_some() || newest.load().refresh_token.is_some())
            }
            TokenSource::Asked => false,
        }
    }

    /// The app that the refresh token was given to.
    pub fn app(&self) -> Option<&App> {
        match &self.0 {
            TokenSource::Kept { app, .. } => app.as_ref(),
            TokenSource::Asked => None,
        }
    }

    /// The same credentials, of which it is known what was granted.
    pub fn with_scope(self, granted: Option<Vec<String>>) -> Self {
        if let TokenSource::Kept { scope, .. } = &self.0 {
            scope.store(granted.map(Arc::new));
        }
        self
    }

    /// Remembers what the server has granted.
    pub(in crate::client) fn learn_scope(&self, granted: &[String]) {
        if let TokenSource::Kept { chain, scope, .. } = &self.0 {
            scope.store(Some(Arc::new(granted.to_vec())));
            if let Some(chain) = chain {
                chain.learn_scope(granted.to_vec());
            }
        }
    }

    /// What was granted, where it is known. What the token file says counts before what the program says.
    pub fn scope(&self) -> Option<Vec<String>> {
        let TokenSource::Kept { chain, scope, .. } = &self.0 else { return None };
        let in_file = chain.as_ref().and_then(|chain| chain.facts().scope.clone());
        in_file.or_else(|| scope.load().as_deref().cloned())
    }

    /// Whether uploads were granted.
    pub fn upload_scope(&self) -> UploadScope {
        match self.scope() {
            None => UploadScope::Unknown,
            Some(granted) if granted.iter().any(|name| name == UPLOAD_SCOPE) => UploadScope::Granted,
            Some(_) => UploadScope::Missing,
        }
    }

    /// The place in a token file, if there is one.
    pub fn chain(&self) -> Option<&Arc<Chain>> {
        match &self.0 {
            TokenSource::Kept { chain, .. } => chain.as_ref(),
            TokenSource::Asked => None,
        }
    }

    /// Makes this the newest token.
    pub(in crate::client) fn publish(&self, token: Token) {
        if let TokenSource::Kept { newest, replaced, .. } = &self.0 {
            let last = newest.swap(Arc::new(token));
            replaced.rcu(|before| {
                let kept = before.iter().skip(before.len().saturating_sub(MAX_REPLACED - 1));
                kept.chain([&last]).cloned().collect::<Vec<_>>()
            });
        }
    }

    /// All tokens that there were, the newest last.
    pub(in crate::client) fn all(&self) -> Vec<Arc<Token>> {
        match &self.0 {
            TokenSource::Kept { newest, replaced, .. } => {
                replaced.load().iter().cloned().chain([newest.load_full()]).collect()
            }
            TokenSource::Asked => Vec::new(),
        }
    }
}
