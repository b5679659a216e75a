//! The one place that turns a command into a request, in either version of the API.

use super::command::Command;
use super::request::Request;
use super::{v1_1, v2};
use crate::client::config::Hosts;
use crate::client::model::ApiVersion;

/// The request that says this command in this version of the API.
pub fn encode(version: ApiVersion, hosts: &Hosts, command: &Command) -> Request {
    match version {
        ApiVersion::V1_1 => v1_1::encode(hosts, command),
        ApiVersion::V2 => v2::encode(hosts, command),
    }
}
