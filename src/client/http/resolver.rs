//! Looks names up, each once at a time and on threads of its own: a name server that does not answer must not use up the
//! threads on which files are read.

use std::collections::HashMap;
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::sync::{Arc, Mutex};
use std::{io, thread};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::{Semaphore, watch};

use crate::sync::lock;

/// How many names are looked up at once. More wait, no longer than `connect_timeout`.
const MAX_LOOKUPS: usize = 16;

type Found = Option<Result<Vec<SocketAddr>, String>>;

/// The system's resolver, for all requests of a transport.
#[derive(Clone)]
pub struct Resolver {
    lookups: Arc<Mutex<HashMap<String, watch::Receiver<Found>>>>,
    permits: Arc<Semaphore>,
}

impl Default for Resolver {
    fn default() -> Self {
        Resolver { lookups: Arc::default(), permits: Arc::new(Semaphore::new(MAX_LOOKUPS)) }
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = self.clone();
        Box::pin(async move {
            let found = resolver.look_up(name.as_str().to_owned()).await?;
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

impl Resolver {
    /// The addresses of a host; whoever asks while they are looked up waits for the same look-up.
    async fn look_up(&self, host: String) -> io::Result<Vec<SocketAddr>> {
        let under_way = lock(&self.lookups).get(&host).cloned();
        let mut lookup = match under_way {
            Some(lookup) => lookup,
            None => self.begin(host).await?,
        };
        let found = lookup.wait_for(Option::is_some).await.map(|found| found.clone());
        match found.ok().flatten() {
            Some(Ok(addresses)) => Ok(addresses),
            Some(Err(reason)) => Err(io::Error::other(reason)),
            None => Err(io::Error::other("the look-up ended without a result")),
        }
    }

    async fn begin(&self, host: String) -> io::Result<watch::Receiver<Found>> {
        let permit = self.permits.clone().acquire_owned().await.map_err(io::Error::other)?;
        let (sender, receiver) = watch::channel(None);
        lock(&self.lookups).insert(host.clone(), receiver.clone());
        let lookups = self.lookups.clone();
        let look_up = move || {
            let found = (host.as_str(), 0).to_socket_addrs().map(Iterator::collect);
            lock(&lookups).remove(&host);
            sender.send_replace(Some(found.map_err(|error| error.to_string())));
            drop(permit);
        };
        thread::Builder::new().name("xmedia-dns".to_owned()).spawn(look_up)?;
        Ok(receiver)
    }
}
