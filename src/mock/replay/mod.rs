//! A recording that the server acts out: what X answered somewhere else, answered again here.
//!
//! A recorded answer belongs to a [`Key`](recorded::Key): version, command, media and segment. For each key the answers come
//! in the order in which their requests were begun. What was never recorded is said to be so, with what comes nearest.

mod har;
mod nearest;
mod player;
mod recorded;
mod times;

pub(crate) use self::nearest::no_command;
pub(crate) use self::player::{Replay, ReplayStep};
pub(crate) use self::recorded::{Asked, Break, Outcome};
pub(crate) use self::times::shifted;
