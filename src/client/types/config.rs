//! A client's options, their defaults, and what is refused.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use url::{Host, Url};

use super::category::AccountTier;
use super::error::{Error, Result};
use super::model::ApiVersion;
use crate::system::private_file;

/// What belongs to one client; clients that share connections may differ in it.
#[derive(Clone, Debug)]
pub struct Options {
    /// Which version of the API is spoken.
    pub api: ApiVersion,
    /// Bounds one attempt, from getting its connection to the last byte; `None` means no bound.
    pub request_timeout: Option<Duration>,
    /// When a request is sent again; `None` is never.
    pub retry: Option<Retry>,
    /// What is done about the rules of X that a file breaks.
    pub check: CheckMode,
    /// Whose limits hold for files; `None` is not known.
    pub account: Option<AccountTier>,
    /// Where what is sent and answered is recorded.
    pub record: Option<RecordDirectory>,
}

impl Options {
    /// The defaults, for a version of the API.
    pub fn new(api: ApiVersion) -> Self {
        Options {
            api,
            request_timeout: Some(Duration::from_secs(60)),
            retry: Some(Retry::default()),
            check: CheckMode::default(),
            account: None,
            record: None,
        }
    }
}

/// What is done about the rules of X that a file breaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CheckMode {
    /// A warning, before anything is sent.
    #[default]
    Warn,
    /// An error, with nothing sent.
    Error,
    /// Nothing is looked at.
    Off,
}

impl CheckMode {
    /// The names that users write.
    pub const NAMES: [&str; 3] = ["warn", "error", "off"];

    /// The mode of this name.
    pub fn of(name: &str) -> Option<Self> {
        match name {
            "warn" => Some(CheckMode::Warn),
            "error" => Some(CheckMode::Error),
            "off" => Some(CheckMode::Off),
            _ => None,
        }
    }
}

/// A directory for records, in which files can be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordDirectory(PathBuf);

impl RecordDirectory {
    /// The directory, which is made if it is not there. An error if no file can be made in it.
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(path)?;
        let path = path.canonicalize()?;
        let trial = path.join(format!(".{:016x}.xmedia-new", rand::random::<u64>()));
        let tried = private_file::create(&trial).map(drop);
        tried.and_then(|()| std::fs::remove_file(&trial))?;
        Ok(RecordDirectory(path))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

/// What belongs to the connections.
#[derive(Clone, Debug)]
pub struct TransportOptions {
    /// Where requests go.
    pub hosts: Hosts,
    /// Bounds DNS, TCP and TLS together; `None` means no bound.
    pub connect_timeout: Option<Duration>,
    /// How many requests may be in flight.
    pub max_connections: usize,
    /// How many bytes of media are sent in a second at most; `None` means no ceiling.
    pub max_bytes_per_second: Option<f64>,
    /// Which proxy is used.
    pub proxy: Proxy,
    /// Certificates in PEM that are trusted besides the platform's.
    pub ca_pem: Option<Bytes>,
    /// The `User-Agent` header.
    pub user_agent: String,
}

/// Where requests go: X's hosts, or one address for all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hosts {
    /// v1.1's media, `https://upload.twitter.com`.
    pub upload: String,
    /// v2 and tokens, `https://api.x.com`.
    pub api: String,
}

impl Hosts {
    /// X's own hosts.
    pub fn x() -> Self {
        Hosts { upload: "https://upload.twitter.com".into(), api: "https://api.x.com".into() }
    }

    /// One address (`scheme://host[:port][/prefix]`, no slash at its end) in place of both.
    pub fn at(base_url: &str) -> Self {
        Hosts { upload: base_url.into(), api: base_url.into() }
    }
}

/// How often and when a request is sent again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Retry {
    /// Requests in all, the first one counted.
    pub attempts: u32,
    /// The first delay's upper end; it doubles with each attempt.
    pub base_delay: Duration,
    /// No delay of our own choosing is longer.
    pub max_delay: Duration,
}

impl Retry {
    /// The policy of a client for which none was given.
    pub const DEFAULT: Retry =
        Retry { attempts: 5, base_delay: Duration::from_millis(500), max_delay: Duration::from_secs(30) };
}

impl Default for Retry {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Which proxy is used.
#[derive(Clone, PartialEq, Eq)]
pub enum Proxy {
    /// The environment's (`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`), never for loopback.
    Environment,
    /// None.
    Off,
    /// This one for everything; its address may hold a password.
    Url(String),
}

impl std::fmt::Debug for Proxy {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Proxy::Environment => "Environment",
            Proxy::Off => "Off",
            Proxy::Url(_) => "Url(…)",
        })
    }
}

impl Default for TransportOptions {
    fn default() -> Self {
        TransportOptions {
            hosts: Hosts::x(),
            connect_timeout: Some(Duration::from_secs(10)),
            max_connections: 100,
            max_bytes_per_second: None,
            proxy: Proxy::Environment,
            ca_pem: None,
            user_agent: concat!("xmedia/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}

/// Reads `scheme://host[:port][/prefix]`; plain http is for loopback, unless it is allowed elsewhere.
pub fn parse_base_url(base_url: &str, allow_insecure_http: bool) -> Result<Hosts> {
    let refused = |why: &str| Error::invalid_input(format!("base_url: {why}"));
    let url =
        Url::parse(base_url).map_err(|error| refused(&format!("{error}; expected scheme://host[:port][/prefix]")))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(refused("the scheme must be http or https"));
    }
    let Some(host) = url.host() else { return Err(refused("the host is missing")) };
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refused("it must not contain credentials"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(refused("it must not have a query or a fragment"));
    }
    if base_url.chars().any(|character| character.is_whitespace() || character.is_control()) {
        return Err(refused("it must not contain white space"));
    }
    if url.scheme() == "http" && !is_loopback(&host) && !allow_insecure_http {
        return Err(refused(
            "http would send the credentials unencrypted; use https, or allow_insecure_http=True if that is intended",
        ));
    }
    Ok(Hosts::at(url.as_str().trim_end_matches('/')))
}

/// Reads a proxy's address; what is wrong with it, without repeating it.
pub fn parse_proxy(address: &str) -> Result<Url, String> {
    let url = Url::parse(address).map_err(|error| error.to_string())?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("proxies of the kind {:?} are not supported", url.scheme()));
    }
    if !url.has_host() || !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
        return Err("it is not the URL of a proxy".to_owned());
    }
    Ok(url)
}

/// Whether an address stands for this machine. `localhost` counts: it is only ever resolved to loopback (transport).
pub fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
        Host::Domain(name) => name.eq_ignore_ascii_case("localhost"),
    }
}

/// Whether requests to these hosts stay on this machine.
pub fn stays_local(hosts: &Hosts) -> bool {
    let local = |text: &str| Url::parse(text).ok().and_then(|url| url.host().map(|host| is_loopback(&host)));
    local(&hosts.upload) == Some(true) && local(&hosts.api) == Some(true)
}

/// What `localhost` means to us.
pub const LOCALHOST: [IpAddr; 2] = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];

impl TransportOptions {
    /// Refuses what no transport could be built with.
    pub fn validate(&self) -> Result<()> {
        if self.max_connections == 0 {
            return Err(Error::invalid_input("max_connections must be at least 1"));
        }
        if self.max_bytes_per_second.is_some_and(|rate| !(rate > 0.0 && rate.is_finite())) {
            return Err(Error::invalid_input(
                "max_bytes_per_second must be a finite number above 0, or None for no limit",
            ));
        }
        let sendable = |byte: u8| (0x20..0x7f).contains(&byte);
        if self.user_agent.trim().is_empty() || !self.user_agent.bytes().all(sendable) {
            return Err(Error::invalid_input("user_agent must be printable ASCII"));
        }
        if let Proxy::Url(url) = &self.proxy {
            parse_proxy(url).map_err(|why| {
                // The address is not repeated: it may hold a password.
                Error::invalid_input(format!("proxy: {why}; expected http://host:port or https://host:port"))
            })?;
        }
        Ok(())
    }
}

impl Retry {
    /// Refuses what makes no sense.
    pub fn validate(&self) -> Result<()> {
        if self.attempts == 0 {
            return Err(Error::invalid_input(
                "retry: attempts must be at least 1; use retry=None for a single attempt",
            ));
        }
        Ok(())
    }
}
