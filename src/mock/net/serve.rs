//! One request from its first line to its response: request log, body, scripted items, the command itself.

use std::sync::Arc;
use std::time::Instant;

use bytes::{Bytes, BytesMut};
use http::header::CONTENT_LENGTH;
use http::request::Parts;
use http::{Method, Response};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;

use crate::client::model::ApiVersion;
use crate::mock::access::private;
use crate::mock::api::rejection_responses::rate_limited;
use crate::mock::api::request::{Parameters, Route};
use crate::mock::api::responses::ApiResponse;
use crate::mock::api::{token, v1_1, v2};
use crate::mock::control::commands;
use crate::mock::net::body::{ResponseBody, transfer_time};
use crate::mock::net::context::{ConnectionEnded, RequestContext};
use crate::mock::net::ending::ConnectionHandle;
use crate::mock::net::faults::inject_fault;
use crate::mock::net::headers::{media_table, scripted_response, with_standard_headers};
use crate::mock::net::replayed::{act_out, recorded};
use crate::mock::script::{Fault, FaultKind, Item};
use crate::mock::shared::{InFlightGuard, Shared, epoch};
use crate::mock::state::rate_limits::RateLimitStatus;
use crate::mock::state::rejection::Rejection;
use crate::mock::state::server_state::State;

/// A body that has to be looked at while it comes in shows its command within so many bytes.
const MAX_COMMAND_BYTES: usize = 64 * 1024;

/// Responds to one request.
pub(crate) async fn serve(
    shared: Arc<Shared>,
    connection: Arc<ConnectionHandle>,
    request: http::Request<Incoming>,
) -> Result<Response<ResponseBody>, ConnectionEnded> {
    let (parts, body) = request.into_parts();
    if commands::is_control(parts.uri.path()) {
        if let Some((status, why)) = shared.access.refusal(&parts) {
            return Ok(unlogged(&shared, commands::refused(status, why)));
        }
        if parts.method == Method::POST || parts.uri.path() != "/__media" {
            return Ok(control(&shared, &parts, body).await);
        }
    }
    let route = Route::of(&parts.method, parts.uri.path());
    let api = route.api(parts.uri.path());
    let log_index = {
        let mut state = shared.state();
        let at = epoch(state.wall());
        state.request_log.open(&parts, at, connection.number)
    };
    let in_flight = InFlightGuard::new(Arc::clone(&shared), log_index);
    let mut context = RequestContext { shared, connection, log_index, parts, route, api, command: None, item: None };
    context.identify_command(&Bytes::new());
    match context.read(body).await {
        BodyRead::Complete(body) => respond(context, body, in_flight).await,
        BodyRead::Faulted(fault) => inject_fault(&context, fault, in_flight, None).await,
        BodyRead::Disconnected => Err(ConnectionEnded),
    }
}

/// Responds to a request that was read: as the script says, as was recorded, or as X would. A body that was too large to
/// be kept is `None`.
async fn respond(
    mut context: RequestContext,
    body: Option<Bytes>,
    in_flight: InFlightGuard,
) -> Result<Response<ResponseBody>, ConnectionEnded> {
    let too_large = body.is_none();
    let parameters = Parameters::read(&context.parts, &body.unwrap_or_default());
    context.log_parameters(&parameters);
    let item = context.item.take().unwrap_or_else(|| match context.command {
        Some(command) => context.shared.state().script.take(command),
        None => Item::Normal,
    });
    if matches!(item, Item::Normal) {
        context.log_near_misses();
    } else {
        context.entry(|entry| entry.scripted = true);
    }
    match item {
        Item::Normal => {
            if let Some(step) = recorded(&context, &parameters).await {
                return act_out(&context, step, in_flight).await;
            }
            let response = context.process(&parameters, too_large);
            Ok(context.whole(response, in_flight))
        }
        Item::Reply(reply) => {
            if reply.apply {
                context.process(&parameters, too_large);
            }
            tokio::time::sleep(reply.delay).await;
            Ok(context.whole(scripted_response(&context, reply), in_flight))
        }
        Item::Fault(fault) => {
            let response = fault.takes_effect().then(|| context.process(&parameters, too_large));
            inject_fault(&context, fault, in_flight, response).await
        }
    }
}

/// Responds to a program that controls the server. Such requests are not logged: they are none of the client's.
async fn control(shared: &Arc<Shared>, parts: &Parts, body: Incoming) -> Response<ResponseBody> {
    let response = match Limited::new(body, shared.body_max).collect().await {
        Ok(body) => commands::respond(shared, parts, &body.to_bytes()),
        Err(_) => commands::refused(http::StatusCode::PAYLOAD_TOO_LARGE, "the body is cut off or too large"),
    };
    unlogged(shared, response)
}

fn unlogged(shared: &Arc<Shared>, response: Response<Bytes>) -> Response<ResponseBody> {
    private(response).map(|body| ResponseBody::whole(body, InFlightGuard::unlogged(Arc::clone(shared))))
}

/// How the body was read.
enum BodyRead {
    /// All of it; `None` if it was too large to be kept.
    Complete(Option<Bytes>),
    /// A scripted fault.
    Faulted(Fault),
    /// The client disconnected.
    Disconnected,
}

impl RequestContext {
    /// Reads the body to its end, also what is too large, so that the client reads the response.
    async fn read(&mut self, mut body: Incoming) -> BodyRead {
        let announced = self.parts.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        let max = self.shared.body_max;
        let mut buffer = BytesMut::with_capacity(announced.unwrap_or(0usize).min(max));
        let mut read = 0u64;
        loop {
            if let Some(fault) = self.fault_in_body(read, &buffer) {
                match fault.kind {
                    FaultKind::Slow { .. } => {}
                    FaultKind::Delay(delay) => {
                        self.item = Some(Item::Normal);
                        tokio::time::sleep(delay).await;
                    }
                    _ => {
                        self.entry(|entry| entry.body_bytes = read);
                        return BodyRead::Faulted(fault);
                    }
                }
            }
            let data = match body.frame().await {
                None => break,
                Some(Ok(frame)) => frame.into_data().unwrap_or_default(),
                Some(Err(_)) => {
                    self.identify_command(&buffer.split().freeze());
                    self.entry(|entry| entry.body_bytes = read);
                    return BodyRead::Disconnected;
                }
            };
            read += data.len() as u64;
            if let Some(Item::Fault(Fault { kind: FaultKind::Slow { bytes_per_second }, in_body: Some(at) })) =
                self.item
                && read > at
            {
                tokio::time::sleep(transfer_time(data.len(), bytes_per_second)).await;
            }
            if read <= max as u64 {
                buffer.extend_from_slice(&data);
            } else if !buffer.is_empty() {
                // It will not be kept, but the request log should name the command.
                self.identify_command(&buffer.split().freeze());
            }
        }
        if let Some(Item::Fault(Fault { kind: FaultKind::Slow { .. }, in_body: Some(_) })) = self.item {
            self.item = Some(Item::Normal);
        }
        self.entry(|entry| {
            entry.body_bytes = read;
            entry.complete = true;
        });
        BodyRead::Complete((read <= max as u64).then(|| buffer.freeze()))
    }

    /// The fault that is scripted for this point of the body, if there is one.
    fn fault_in_body(&mut self, read: u64, buffer: &BytesMut) -> Option<Fault> {
        if self.item.is_none() && self.shared.state().script.wants_bodies() {
            if self.command.is_none() && buffer.len() <= MAX_COMMAND_BYTES {
                self.identify_command(&Bytes::copy_from_slice(buffer));
            }
            self.item = self.command.and_then(|command| self.shared.state().script.take_in_body(command));
        }
        match &self.item {
            Some(Item::Fault(fault)) if fault.in_body.is_some_and(|at| read >= at) => {
                self.entry(|entry| entry.scripted = true);
                Some(fault.clone())
            }
            _ => None,
        }
    }

    /// Lets the command take effect and makes its response.
    fn process(&self, parameters: &Parameters, too_large: bool) -> Response<Bytes> {
        if self.route == Route::MediaTable {
            return private(with_standard_headers(self, ApiResponse::json(200, media_table(self)), None));
        }
        let mut guard = self.shared.state();
        let state = &mut *guard;
        let (response, rate_limit) = self.decide(state, parameters, too_large);
        if let Some(entry) = state.request_log.entry(self.log_index) {
            entry.status = Some(response.status);
            entry.effect = response.effect;
            entry.media_id = response.media_id.or(entry.media_id);
        }
        drop(guard);
        with_standard_headers(self, response, rate_limit)
    }

    fn decide(
        &self,
        state: &mut State,
        parameters: &Parameters,
        too_large: bool,
    ) -> (ApiResponse, Option<RateLimitStatus>) {
        let (now, wall) = (Instant::now(), state.wall());
        match self.route {
            Route::Unknown => return (Rejection::NoSuchPage.response(self.api), None),
            Route::V2Token => return (token::response(&mut state.accounts, &self.parts, parameters, wall), None),
            Route::V2Revoke => return (token::revoked(&mut state.accounts, &self.parts, parameters), None),
            Route::Authorize => return (token::page(&mut state.accounts, &self.parts, wall), None),
            _ => {}
        }
        let who = match self.shared.verify_auth {
            true => {
                let (query, form) = (parameters.query(), parameters.signed_form());
                state.accounts.identify(self.api, &self.parts, query, &form, epoch(wall)).map(Some)
            }
            false => Ok(None),
        };
        let account = who.as_ref().ok().copied().flatten();
        let rate_limit = self.command.map(|command| {
            state.limits.take(account, account.map(|it| state.accounts.app(it)), (self.api, command), now, wall)
        });
        let response = match who {
            Err(error) => error.response(self.api),
            Ok(_) if rate_limit.is_some_and(|rate_limit| rate_limit.refused) => rate_limited(self.api),
            Ok(_) if self.route == Route::V2Me => token::user(&state.accounts, account),
            Ok(_) if too_large => Rejection::TooLarge.response(self.api),
            Ok(_) => {
                let get = self.parts.method == Method::GET;
                let finish = match self.api {
                    ApiVersion::V1_1 => v1_1::response(state, &self.route, get, parameters, now),
                    ApiVersion::V2 => v2::response(state, &self.route, get, parameters, now),
                };
                finish.unwrap_or_else(|rejection| rejection.response(self.api))
            }
        };
        (response, rate_limit)
    }
}
