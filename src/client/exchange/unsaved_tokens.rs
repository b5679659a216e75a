//! New tokens that could not be saved are in memory only. Each later call of their client tries again to save them, and so
//! does the end of the process, also where the client is gone by then.

use std::sync::Mutex;

use crate::client::auth::oauth2::Credentials;
use crate::client::auth::token_exchanges::UnderWay;
use crate::client::exchange::ClientInner;
use crate::sync::lock;
use crate::system::fork::PerProcess;

/// The clients of this process whose newest tokens are not in their file.
static UNSAVED: PerProcess<Mutex<Vec<(ClientInner, Credentials)>>> = PerProcess::new();

/// Keeps the tokens of this client until they are saved.
pub(super) fn keep(client: &ClientInner, credentials: &Credentials) {
    let unsaved = UNSAVED.get_or_default();
    let mut unsaved = lock(&unsaved);
    unsaved.retain(|(_, other)| other.chain().is_some_and(|chain| chain.is_unsaved()));
    unsaved.push((client.clone(), credentials.clone()));
}

/// What is to be run at the end of the process, if tokens are unsaved; it counts as an exchange under way from now on.
pub fn save_at_exit() -> Option<impl Future<Output = ()> + Send + 'static> {
    let unsaved = std::mem::take(&mut *lock(&UNSAVED.get_or_default()));
    if unsaved.is_empty() {
        return None;
    }
    let under_way = UnderWay::begin();
    Some(async move {
        let _under_way = under_way;
        for (client, credentials) in unsaved {
            client.save_unsaved(&credentials).await;
        }
    })
}
