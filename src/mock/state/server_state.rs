//! The state of the server: what requests and tests share. What the commands do with it stands in `media_commands`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::client::category::AccountTier;
use crate::client::model::MediaId;
use crate::mock::options::{Options, Step};
use crate::mock::request_log::RequestLog;
use crate::mock::script::Script;
use crate::mock::state::accounts::Accounts;
use crate::mock::state::category::{Category, class_of, processed};
use crate::mock::state::rate_limits::Limits;
use crate::mock::state::rejection::Rejection;
use crate::mock::state::upload::{NewMedia, Upload, UploadParameters};

/// Everything that requests and tests share.
pub(crate) struct State {
    pub(crate) request_log: RequestLog,
    pub(crate) script: Script,
    pub(crate) limits: Limits,
    pub(crate) accounts: Accounts,
    /// How far the server's clock is ahead of the machine's, in seconds.
    pub(crate) clock_offset: f64,
    pub(super) uploads: BTreeMap<u64, Upload>,
    pub(super) next_id: u64,
    pub(super) steps: Arc<[Step]>,
    pub(super) expires_after: Duration,
    pub(super) max_segment_bytes: u64,
    pub(super) account: AccountTier,
    pub(super) inspect: bool,
    pub(super) keep_data: bool,
}

impl State {
    /// A server without requests.
    pub(crate) fn new(options: &Options) -> Self {
        State {
            request_log: RequestLog::default(),
            script: Script::default(),
            limits: Limits::new(options.rate_limits.clone()),
            accounts: Accounts::new(&options.auth),
            clock_offset: 0.0,
            uploads: BTreeMap::new(),
            next_id: first_id(),
            steps: options.processing.clone().into(),
            expires_after: options.expires_after,
            max_segment_bytes: options.max_segment_bytes,
            account: options.account,
            inspect: options.inspect,
            keep_data: options.keep_data,
        }
    }

    /// The server's time.
    pub(crate) fn wall(&self) -> SystemTime {
        let offset = Duration::try_from_secs_f64(self.clock_offset.abs()).unwrap_or_default();
        let now = SystemTime::now();
        if self.clock_offset < 0.0 { now.checked_sub(offset) } else { now.checked_add(offset) }.unwrap_or(now)
    }

    /// Puts media in, with all of its bytes, in place of what had its id.
    pub(crate) fn add(&mut self, id: MediaId, new: NewMedia, now: Instant) -> Result<(), Rejection> {
        let (_, class) = class_of(&new.media_type).ok_or(Rejection::MediaTypeUnrecognized)?;
        let category = new.media_category.as_deref().and_then(Category::v1_1);
        if category.is_none() && new.media_category.is_some() {
            return Err(Rejection::invalid("media_category", "", "There is no such media_category."));
        }
        let total = new.total_bytes.unwrap_or(new.data.len() as u64);
        let expires_after = match new.expires_after_secs {
            Some(seconds) => Duration::try_from_secs_f64(seconds).unwrap_or(self.expires_after),
            None => self.expires_after,
        };
        let plan = UploadParameters {
            media_type: new.media_type,
            class,
            category,
            total,
            shared: false,
            additional_owners: Vec::new(),
        };
        let steps = new.processing.map_or_else(|| Arc::clone(&self.steps), Into::into);
        let mut upload = Upload::new(id, plan, steps, now + expires_after, self.keep_data);
        let segment = usize::try_from(self.max_segment_bytes).unwrap_or(usize::MAX).max(new.data.len().div_ceil(1000));
        let mut rest = new.data;
        for index in 0..=999 {
            if rest.is_empty() {
                break;
            }
            upload.put(index, rest.split_to(rest.len().min(segment)));
        }
        if new.finalized {
            upload.finalize(processed(category), now, now + expires_after);
        }
        self.uploads.insert(id.get(), upload);
        Ok(())
    }

    /// The upload with this id, expired or not.
    pub(crate) fn upload(&self, id: MediaId) -> Option<&Upload> {
        self.uploads.get(&id.get())
    }

    /// All uploads in the order of their ids.
    pub(crate) fn uploads(&self) -> impl Iterator<Item = &Upload> {
        self.uploads.values()
    }

    /// Forgets requests, media and scripts.
    pub(crate) fn reset(&mut self) {
        self.request_log.clear();
        self.script.clear();
        self.uploads.clear();
    }

    /// Changes the steps of processing of uploads begun from now on.
    pub(crate) fn set_processing(&mut self, steps: Vec<Step>) {
        self.steps = steps.into();
    }
}

/// An id as X makes them: the milliseconds since its epoch, shifted.
fn first_id() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let milliseconds = u64::try_from(since.as_millis()).unwrap_or_default();
    milliseconds.saturating_sub(1_288_834_974_657) << 22
}
