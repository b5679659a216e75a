//! The chain of tokens that a client follows in a token file: which of the file's tokens are its own, and which are newer.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::ArcSwap;

use super::token::{App, Secret, Token};
use super::token_file::{Found, LockedTokenFile, StoredTokens, TokenFile, chain_hash};
use crate::client::error::{ApiClass, ApiFailure, Error, Kind, Result, file_error};

/// What credentials with a store begin with, besides their access token.
#[derive(Default)]
pub struct Beginning {
    /// What buys the next tokens; a pickle has none.
    pub refresh_token: Option<Secret>,
    /// The chain that a pickle belongs to, and how many refreshes it had seen.
    pub chain: Option<(Vec<String>, u64)>,
}

/// A client's place in a token file.
pub struct Chain {
    file: TokenFile,
    facts: ArcSwap<Facts>,
    /// The newest tokens are in memory only: saving them failed.
    unsaved: AtomicBool,
    /// A refresh waits for the file's lock, which another process has.
    waits_for_lock: AtomicBool,
}

/// What is known of a login besides its tokens.
#[derive(Clone, Default)]
pub struct Facts {
    /// The hashes that name this chain.
    pub chain: Vec<String>,
    /// Those of the chain that was in the file at the start and that this one replaces.
    replaces: Vec<String>,
    /// The origin of the API that the tokens may be sent to; none where the file did not say.
    pub origin: Option<String>,
    /// Whose tokens they are.
    pub user_id: Option<String>,
    /// What was granted.
    pub scope: Option<Vec<String>>,
}

/// What a look into the file has brought.
pub enum Look {
    /// Newer tokens of this chain.
    Newer(Box<StoredTokens>),
    /// The tokens that this client has are the newest.
    Same(Option<Secret>),
}

/// Says that the lock is waited for no more, also where the wait was given up.
struct Waiting<'a>(&'a AtomicBool);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

/// How the file and what is in memory compare, and what is wrong with the file although the work goes on.
pub struct Compared {
    /// What is to be used.
    pub look: Look,
    /// What stands in the file's place will be replaced; why.
    pub spoilt: Option<String>,
}

impl Chain {
    /// Reads the file, and decides whose tokens are used: the file's, if its chain contains the given refresh token, and
    /// otherwise the given ones, which begin a chain. It blocks as long as the disk does.
    pub fn open(file: TokenFile, token: Token, app: &App, beginning: Beginning) -> Result<(Token, Self)> {
        if let Some(why) = file.why_not_replaceable() {
            return Err(Error::invalid_input(why));
        }
        let found = file.read().map_err(|error| file_error(&error, Some(file.path())))?;
        let found = match found {
            Found::Nothing => None,
            Found::Tokens(_, Some(why)) | Found::Newer(why) => return Err(Error::invalid_input(why)),
            Found::Tokens(stored, None) => Some(*stored),
            // A pickle's token serves until it is refused, whatever the file is like.
            Found::Unusable(_) if beginning.refresh_token.is_none() && beginning.chain.is_some() => None,
            Found::Unusable(why) => {
                return Err(Error::invalid_input(format!(
                    "{why}; remove it if the tokens you pass are the newest, or log in again (xmedia login)"
                )));
            }
        };
        let hash = beginning.refresh_token.as_ref().map(|refresh| chain_hash(&app.client_id, refresh));
        let (mut chain, serial) = beginning.chain.unwrap_or_default();
        chain.extend(hash.filter(|hash| !chain.contains(hash)));
        let is_ours = found.as_ref().is_some_and(|stored| {
            stored.is_of_chain(&chain)
                || beginning.refresh_token.as_ref().is_some_and(|refresh| stored.contains(&app.client_id, refresh))
        });
        let (token, facts) = match found {
            Some(stored) if is_ours && stored.serial >= serial => {
                let facts = Facts::of(&stored, chain);
                (Token { version: token.version, ..Token::of(&stored) }, facts)
            }
            other => {
                let replaces = other.map(|stored| stored.chain).filter(|_| beginning.refresh_token.is_some());
                let facts = Facts { chain, replaces: replaces.unwrap_or_default(), ..Facts::default() };
                (Token { serial, refresh_token: beginning.refresh_token, ..token }, facts)
            }
        };
        Ok((
            token,
            Chain {
                file,
                facts: ArcSwap::from_pointee(facts),
                unsaved: AtomicBool::new(false),
                waits_for_lock: AtomicBool::new(false),
            },
        ))
    }

    /// The file.
    pub fn file(&self) -> &TokenFile {
        &self.file
    }

    /// What is known of the login.
    pub fn facts(&self) -> Arc<Facts> {
        self.facts.load_full()
    }

    /// Remembers what the server has granted.
    pub fn learn_scope(&self, scope: Vec<String>) {
        self.learn(Facts { scope: Some(scope), ..Facts::clone(&self.facts()) });
    }

    fn learn(&self, facts: Facts) {
        self.facts.store(Arc::new(facts));
    }

    /// Takes the file's lock as soon as it is free.
    pub async fn lock(&self) -> io::Result<LockedTokenFile> {
        self.waits_for_lock.store(true, Ordering::Release);
        let _waiting = Waiting(&self.waits_for_lock);
        self.file.lock().await
    }

    /// The lock that a refresh waits for now, because another process has it.
    pub fn awaited_lock(&self) -> Option<PathBuf> {
        self.waits_for_lock.load(Ordering::Acquire).then(|| self.file.lock_path())
    }

    /// Whether the newest tokens are still to be saved.
    pub fn is_unsaved(&self) -> bool {
        self.unsaved.load(Ordering::Acquire)
    }

    /// Says whether the newest tokens are still to be saved.
    pub fn set_unsaved(&self, unsaved: bool) {
        self.unsaved.store(unsaved, Ordering::Release);
    }

    /// Refuses to send the tokens anywhere but to where they come from.
    pub fn check_origin(&self, api: &str) -> Result<()> {
        match &self.facts.load().origin {
            Some(own) if own != api && *own != origin_of(api) => Err(Error::invalid_input(format!(
                "the tokens in {} are for {own}, and this client talks to {api}: nothing was sent",
                self.file.path().display()
            ))),
            _ => Ok(()),
        }
    }

    /// Compares what was found in the file with the newest token in memory.
    pub fn compare(&self, found: Found, newest: &Token, app: &App, origin: &str) -> Result<Compared> {
        let same = |spoilt| Ok(Compared { look: Look::Same(newest.refresh_token.clone()), spoilt });
        let (stored, loose) = match found {
            Found::Tokens(stored, loose) => (stored, loose),
            Found::Nothing if newest.refresh_token.is_none() => {
                return Err(self.nothing_to_refresh_with("is missing, or its login has ended"));
            }
            Found::Unusable(_) if newest.refresh_token.is_none() => {
                return Err(self.nothing_to_refresh_with("is not a token file"));
            }
            Found::Nothing => return same(None),
            Found::Unusable(why) => return same(Some(why)),
            // Whoever wrote it follows this login, and may have used this client's refresh token.
            Found::Newer(why) => return Err(final_error(format!("TOKEN: {why}; the refresh token was not used"))),
        };
        let facts = self.facts.load();
        if !stored.is_of_chain(&facts.chain) {
            if newest.refresh_token.is_some() && stored.is_of_chain(&facts.replaces) {
                return same(loose);
            }
            return Err(self.given_away(&stored, &facts, app));
        }
        if stored.origin.as_deref().is_some_and(|stored| stored != origin) {
            return Err(self.given_away(&stored, &facts, app));
        }
        let is_newer = stored.serial > newest.serial;
        if is_newer || (newest.refresh_token.is_none() && stored.serial == newest.serial) {
            return Ok(Compared { look: Look::Newer(stored), spoilt: loose });
        }
        same(loose)
    }

    /// Takes over what the file says of the login, its tokens aside.
    pub fn follow(&self, stored: &StoredTokens) {
        let own = self.facts.load();
        self.learn(Facts { replaces: own.replaces.clone(), ..Facts::of(stored, own.chain.clone()) });
    }

    /// What is written for this token.
    pub fn stored(&self, token: &Token, app: &App, origin: &str) -> StoredTokens {
        let facts = self.facts.load();
        StoredTokens {
            client_id: Some(app.client_id.clone()),
            origin: Some(origin.to_owned()),
            user_id: facts.user_id.clone(),
            chain: facts.chain.clone(),
            serial: token.serial,
            access_token: token.access_token.clone(),
            refresh_token: token.refresh_token.clone().unwrap_or_default(),
            expires_at: token.expires_at,
            scope: facts.scope.clone(),
            revoked: false,
        }
    }

    fn nothing_to_refresh_with(&self, what: &str) -> Error {
        final_error(format!(
            "the token file {} {what}, and this copy of the client has no refresh token of its own; log in again (xmedia \
             login), or restore the file",
            self.file.path().display()
        ))
    }

    fn given_away(&self, stored: &StoredTokens, facts: &Facts, app: &App) -> Error {
        let other_app = stored.client_id.as_ref().is_some_and(|client_id| *client_id != app.client_id);
        let other_user = match (&stored.user_id, &facts.user_id) {
            (Some(theirs), Some(ours)) => theirs != ours,
            _ => false,
        };
        let what = match (other_app, other_user) {
            (true, _) => "was given to another app",
            (_, true) => "was given to another user",
            _ => "holds another login",
        };
        final_error(format!(
            "the token file {} {what} while this client was running, so its tokens are not used; make a new client",
            self.file.path().display()
        ))
    }
}

impl Facts {
    fn of(stored: &StoredTokens, own: Vec<String>) -> Self {
        let mut chain = stored.chain.clone();
        chain.extend(own.into_iter().filter(|hash| !stored.chain.contains(hash)));
        Facts {
            chain,
            replaces: Vec::new(),
            origin: stored.origin.clone(),
            user_id: stored.user_id.clone(),
            scope: stored.scope.clone(),
        }
    }
}

impl Token {
    /// The token of a file; its version is the caller's.
    pub fn of(stored: &StoredTokens) -> Self {
        Token {
            access_token: stored.access_token.clone(),
            refresh_token: Some(stored.refresh_token.clone()),
            expires_at: stored.expires_at,
            version: 0,
            serial: stored.serial,
        }
    }
}

/// Credentials that nothing but a new login can fix.
pub fn final_error(message: String) -> Error {
    let failure =
        ApiFailure { class: ApiClass::Authentication, status: 401, refused_for_good: true, ..ApiFailure::default() };
    let mut error = Error::new(Kind::Api(Box::new(failure)), message);
    error.retryable = false;
    error
}

/// The origin of an address: `scheme://host[:port]`.
pub fn origin_of(url: &str) -> String {
    url::Url::parse(url).map_or_else(|_| url.to_owned(), |url| url.origin().ascii_serialization())
}

/// Whether there is a token file at a path, to be used without other credentials.
pub fn tokens_at(path: &Path) -> Result<StoredTokens> {
    let file = TokenFile::new(path).map_err(|error| file_error(&error, Some(path)))?;
    if let Some(why) = file.why_not_replaceable() {
        return Err(Error::invalid_input(why));
    }
    match file.read().map_err(|error| file_error(&error, Some(path)))? {
        Found::Tokens(stored, None) => Ok(*stored),
        Found::Tokens(_, Some(why)) | Found::Newer(why) => Err(Error::invalid_input(why)),
        Found::Unusable(why) => Err(Error::invalid_input(format!("{why}; log in again: xmedia login"))),
        Found::Nothing if file.path().exists() => Err(Error::invalid_input(format!(
            "{} contains a login that has ended; log in again: xmedia login",
            path.display()
        ))),
        Found::Nothing => Err(file_error(&std::io::Error::from_raw_os_error(NO_SUCH_FILE), Some(path))),
    }
}

/// `ENOENT`.
const NO_SUCH_FILE: i32 = 2;
