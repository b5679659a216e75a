//! Why a proxy refuses: the HTTP library says no more than that it did. Where its answer was not seen on the way, the proxy is
//! asked once more.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use percent_encoding::percent_decode_str;
use reqwest::Url;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::from_env::secrets_of;
use crate::client::error::{Error, Kind};
use crate::client::kept_exchange::Secrets;
use crate::client::protocol::{MIN_PASSWORD_LEN, add_forms, masked, shown};

/// The longest head of an answer that is read.
const MAX_HEAD_BYTES: usize = 8 << 10;

/// A proxy that is asked to connect to a host.
pub struct ProxyConnection<'a> {
    /// Its address.
    pub proxy: &'a Url,
    /// The host and its port.
    pub target: String,
}

impl ProxyConnection<'_> {
    /// The error for a connection that the proxy refused with this answer.
    pub fn refused(&self, answer: &[u8]) -> Option<Error> {
        let line = answer.split(|byte| *byte == b'\n').next()?;
        Status::parse(line).and_then(|status| self.error(&status))
    }

    /// The error for a connection that the proxy refused, where it is not known why; nothing if it does not say so now.
    pub async fn asked_again(&self) -> Option<Error> {
        // One that speaks TLS itself is left alone.
        if self.proxy.scheme() != "http" {
            return None;
        }
        self.status().await.and_then(|status| self.error(&status))
    }

    fn error(&self, status: &Status) -> Option<Error> {
        if status.code == Some(200) {
            return None;
        }
        // It may repeat what it was sent.
        let mut secrets = Secrets::new();
        add_forms(&mut secrets, &secrets_of(self.proxy), MIN_PASSWORD_LEN);
        let text = masked(&status.text, &secrets);
        let (said, todo) = (shown(text.as_deref().unwrap_or(&status.text)), self.what_to_do(status));
        let message = format!("the proxy {} refused a connection to {}: {said}{todo}", peer(self.proxy), self.target);
        let mut refused = Error::new(Kind::Transport { connect: true }, message);
        refused.retryable = !status.is_final();
        Some(refused)
    }

    fn what_to_do(&self, status: &Status) -> &'static str {
        match status.code {
            Some(401 | 407) if self.proxy.username().is_empty() => {
                "; give it a user and a password: http://user:password@host:port"
            }
            Some(401 | 407) => "; check the user and the password in its address (it has to take HTTP Basic)",
            Some(403) => "; its rules forbid this: ask whoever runs it",
            _ => "",
        }
    }

    /// What it answers to CONNECT; nothing if it cannot be reached or says nothing.
    async fn status(&self) -> Option<Status> {
        let port = self.proxy.port_or_known_default()?;
        let host = self.proxy.host_str()?.trim_matches(['[', ']']);
        let mut connection = TcpStream::connect((host, port)).await.ok()?;
        let target = &self.target;
        let mut request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n");
        if !self.proxy.username().is_empty() {
            let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
            let user = decoded(self.proxy.username());
            let password = decoded(self.proxy.password().unwrap_or_default());
            request
                .push_str(&format!("Proxy-Authorization: Basic {}\r\n", BASE64.encode(format!("{user}:{password}"))));
        }
        request.push_str("\r\n");
        connection.write_all(request.as_bytes()).await.ok()?;
        zeroize::Zeroize::zeroize(&mut request);
        let mut head = vec![0; MAX_HEAD_BYTES];
        let mut read = 0;
        loop {
            let room = head.get_mut(read..).filter(|room| !room.is_empty())?;
            let more = connection.read(room).await.ok()?;
            read += more;
            let line = head.get(..read)?;
            if let Some(end) = line.iter().position(|byte| *byte == b'\n') {
                return Status::parse(line.get(..end)?);
            }
            if more == 0 {
                return None;
            }
        }
    }
}

/// The first line of an answer.
struct Status {
    code: Option<u16>,
    text: String,
}

impl Status {
    fn parse(line: &[u8]) -> Option<Self> {
        let line = String::from_utf8_lossy(line);
        let (version, text) = line.trim().split_once(' ')?;
        let code = text.get(..3).and_then(|code| code.parse().ok());
        version.starts_with("HTTP/").then(|| Status { code, text: text.trim().to_owned() })
    }

    /// Whether asking again helps nobody: the proxy wants credentials, or its rules forbid this.
    fn is_final(&self) -> bool {
        matches!(self.code, Some(401 | 403 | 407))
    }
}

/// Host and port of an address.
pub fn peer(url: &Url) -> String {
    let host = url.host_str().unwrap_or("?");
    url.port_or_known_default().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}
