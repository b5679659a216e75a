//! placeholder
use super::{Body, Command, Hosts, Login, Request};

/// The request that says this command.
pub(super) fn encode(hosts: &Hosts, _command: &Command) -> Request {
    Request {
        method: http::Method::POST,
        url: hosts.upload.clone(),
        query: vec![],
        body: Body::Empty,
        login: Login::User,
    }
}
