//! Ending a login: its tokens are revoked, and the file that holds them says so.

use std::sync::Arc;
use std::time::Duration;

use super::client::Client;
use super::token_task::{TokenFileUpdate, detached, refused_login, without_observer};
use crate::client::auth::Credentials;
use crate::client::auth::chain::{Compared, Look};
use crate::client::auth::oauth2::{App, Secret, Token};
use crate::client::auth::token_exchanges::UnderWay;
use crate::client::auth::token_file::{Found, TokenFile};
use crate::client::deadline::Deadline;
use crate::client::error::{Error, Result};
use crate::client::exchange_log::ExchangeLog;
use crate::client::protocol::{Command, Revocation};

impl Client {
    /// Ends the login of this client's user.
    pub async fn revoke(&self, timeout: Option<Duration>) -> Result<()> {
        let refused = |why: &str| Err(Error::invalid_input(format!("revoke: {why}")));
        let Credentials::OAuth2(credentials) = self.inner.account.credentials() else {
            return refused("OAuth 1.0a tokens are revoked in the user's settings at X");
        };
        let Some(newest) = credentials.newest() else {
            return refused("the tokens belong to the access_token callable, which must revoke them");
        };
        let Some(app) = credentials.app().cloned() else { return refused("the client_id is missing") };
        let deadline = Deadline::after(timeout);
        let (client, chain) = (self.clone(), credentials.chain().cloned());
        detached(deadline, async move {
            let Some(chain) = chain else {
                let _under_way = UnderWay::begin();
                return client.revoke_pair(&newest, &app, deadline).await;
            };
            let (update, found) = TokenFileUpdate::begin(chain.file(), deadline).await?;
            let token = match chain.compare(found, &newest, &app, &client.inner.origin())? {
                Compared { look: Look::Newer(stored), .. } => Arc::new(Token::of(&stored)),
                Compared { look: Look::Same(_), .. } => newest,
            };
            client.revoke_pair(&token, &app, deadline).await?;
            update.mark_revoked(chain.stored(&token, &app, &client.inner.origin())).await
        })
        .await
    }

    /// Ends the login that a file holds, whoever uses it.
    pub async fn revoke_file(
        &self,
        file: TokenFile,
        client_secret: Option<Secret>,
        timeout: Option<Duration>,
    ) -> Result<()> {
        let deadline = Deadline::after(timeout);
        let client = self.clone();
        detached(deadline, async move {
            let (update, found) = TokenFileUpdate::begin(&file, deadline).await?;
            let stored = match found {
                Found::Tokens(stored, _) => *stored,
                Found::Unusable(why) | Found::Newer(why) => return Err(Error::invalid_input(why)),
                Found::Nothing => {
                    return Err(Error::invalid_input(format!("{} contains no login", file.path().display())));
                }
            };
            let client_id = stored.client_id.clone().ok_or_else(|| no_client_id(&file))?;
            let app = App { client_id, client_secret };
            client.revoke_pair(&Token::of(&stored), &app, deadline).await?;
            update.mark_revoked(stored).await
        })
        .await
    }

    async fn revoke_pair(&self, token: &Token, app: &App, deadline: Deadline) -> Result<()> {
        let exchanges = ExchangeLog::default();
        for text in token.refresh_token.iter().chain([&token.access_token]) {
            let command = Command::Revoke(Revocation {
                token: String::clone(text),
                client_id: app.client_id.clone(),
                client_secret: app.client_secret.as_deref().cloned(),
            });
            let options = without_observer(deadline, self.inner.options.retry.as_ref(), &exchanges);
            let outcome = self.inner.exchange(&command, &options).await;
            outcome.map_err(|error| refused_login(exchanges.attach(error, None)))?;
        }
        Ok(())
    }
}

fn no_client_id(file: &TokenFile) -> Error {
    Error::invalid_input(format!("{} does not name the app", file.path().display()))
}
