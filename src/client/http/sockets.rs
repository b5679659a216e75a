//! Closes the connection of a request that was given up with its body unsent.
//!
//! The HTTP library closes such a connection by itself, but not before it has written what it holds of the body; to a
//! server that does not read it holds socket and body for ever. Neither the connection nor its socket can be had from the
//! library. So it is noted under which addresses each connection was made, and which of the library's tasks, known when
//! it asks for the first piece of a body, serves it. The socket is then found by its addresses among those of this
//! process, and shut down, after which the library's next write fails and it lets go of everything.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use hyper_util::client::legacy::connect::{Connection, HttpInfo};
use tokio::task::Id;

use crate::sync::lock;

/// The two ends of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ends {
    local: SocketAddr,
    remote: SocketAddr,
}

/// The number by which the system knows a socket. Once that is closed it may be another's, so what is found there is looked
/// at before it is touched.
#[derive(Clone, Copy)]
pub struct SocketNumber(i32);

impl Ends {
    /// Those of a connection that was just made, where it says so.
    pub fn of(connection: &impl Connection) -> Option<Self> {
        let mut extras = http::Extensions::new();
        connection.connected().get_extras(&mut extras);
        Self::among(&extras)
    }

    /// Those of the connection on which an answer came, which are among what the HTTP library attaches to it.
    pub fn among(attached: &http::Extensions) -> Option<Self> {
        let info: &HttpInfo = attached.get()?;
        Some(Ends { local: info.local_addr(), remote: info.remote_addr() })
    }
}

/// Which task serves which connection.
#[derive(Clone, Default)]
pub struct Sockets(Arc<Mutex<Known>>);

#[derive(Default)]
struct Known {
    by_task: HashMap<Id, Ends>,
    /// Made, and not seen with a body yet.
    made: Vec<Ends>,
}

/// So many connections are remembered; beyond that, those that are gone are dropped.
const MAX_KNOWN: usize = 256;

impl Sockets {
    /// Notes a connection that was just made.
    pub fn made(&self, ends: Ends) {
        let mut known = lock(&self.0);
        if known.made.len() + known.by_task.len() >= MAX_KNOWN {
            let open = system::open();
            known.made.retain(|ends| open.contains(ends));
            known.by_task.retain(|_, ends| open.contains(ends));
        }
        known.made.push(ends);
    }

    /// Notes that this task asks for a body's bytes. It serves the connection that was made for this very request, or one
    /// that is known already, or the only one that may be it.
    pub fn serves(&self, task: Id, fresh: Option<Ends>) {
        let mut known = lock(&self.0);
        let known = &mut *known;
        if fresh.is_none() && known.by_task.contains_key(&task) {
            return;
        }
        let ends = fresh.or_else(|| {
            let open = system::open();
            known.made.retain(|ends| open.contains(ends));
            known.made.first().copied().filter(|_| known.made.len() == 1)
        });
        if let Some(ends) = ends {
            known.made.retain(|made| *made != ends);
            known.by_task.insert(task, ends);
        }
    }

    /// Shuts down the connection that this task serves. Where that is not known, it is one whose task is not known and that
    /// takes nothing more now.
    pub fn shut_down(&self, task: Id) {
        let mut known = lock(&self.0);
        match known.by_task.remove(&task) {
            Some(ends) => system::shut_down_first(|_, found| found == ends),
            None => {
                system::shut_down_first(|socket, found| known.made.contains(&found) && !system::is_writable(socket))
            }
        }
    }
}

#[cfg(unix)]
pub(super) mod system {
    use std::collections::HashMap;
    use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd, OwnedFd};

    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::io::dup;
    use rustix::net::{RecvFlags, Shutdown, getpeername, getsockname, recv, shutdown};

    use super::{Ends, SocketAddr, SocketNumber};

    /// The connections of this process.
    pub(in super::super) fn open() -> Vec<Ends> {
        let mut found = Vec::new();
        each(|_, ends| found.push(ends));
        found
    }

    pub(super) fn shut_down_first(wanted: impl Fn(BorrowedFd<'_>, Ends) -> bool) {
        let mut found = false;
        each(|socket, ends| {
            if !found && wanted(socket, ends) {
                shut_down(socket, ends);
                found = true;
            }
        });
    }

    /// Answers that have come from this port and that nobody has read yet, as far as they have come. They stay unread.
    pub(in super::super) fn unread_answers(port: u16) -> Vec<(Ends, Vec<u8>)> {
        let mut answers = Vec::new();
        each(|socket, ends| {
            let mut head = [0_u8; MAX_ANSWER_BYTES];
            if ends.remote.port() == port
                && let Ok((len, _)) = recv(socket, &mut head, RecvFlags::PEEK | RecvFlags::DONTWAIT)
                && let Some(head) = head.get(..len).filter(|head| head.starts_with(b"HTTP/"))
            {
                answers.push((ends, head.to_vec()));
            }
        });
        answers
    }

    /// A status line is shorter.
    const MAX_ANSWER_BYTES: usize = 512;

    /// The numbers of the connections of this process.
    pub(in super::super) fn numbers() -> HashMap<Ends, SocketNumber> {
        let mut found = HashMap::new();
        each(|socket, ends| {
            found.insert(ends, SocketNumber(socket.as_raw_fd()));
        });
        found
    }

    /// How many bytes have come on this connection, if it is still open and the system reports it.
    pub(in super::super) fn received(number: SocketNumber, ends: Ends) -> Option<u64> {
        // SAFETY: it is only asked for its addresses and its state, which fails where nothing is open any more.
        let socket = unsafe { BorrowedFd::borrow_raw(number.0) };
        if ends_of(socket) == Some(ends) { received_on(socket) } else { None }
    }

    /// Shuts this connection down, and takes away what has come on it and nobody has read, so that nobody has to.
    pub(in super::super) fn end(number: SocketNumber, ends: Ends) {
        // SAFETY: as above.
        let Some(held) = shut_down(unsafe { BorrowedFd::borrow_raw(number.0) }, ends) else { return };
        let mut taken = [0_u8; 16 << 10];
        // The peer learns that the connection is closed; until then it may have sent some more.
        for _ in 0..MAX_TAKEN_PIECES {
            if !matches!(recv(&held, &mut taken, RecvFlags::DONTWAIT), Ok((1.., _))) {
                return;
            }
        }
    }

    /// As much as the system keeps for a connection, which is 6 MiB as a rule, and a bit.
    const MAX_TAKEN_PIECES: usize = 512;

    /// How many bytes have come on a connection, where the system reports it.
    #[cfg(target_os = "linux")]
    fn received_on(socket: BorrowedFd<'_>) -> Option<u64> {
        /// Where `tcpi_bytes_received` stands in `struct tcp_info` (linux/tcp.h), which only ever grows at its end.
        const AT: usize = 128;
        let mut info = [0_u8; 256];
        let mut len = libc::socklen_t::try_from(info.len()).ok()?;
        // SAFETY: the system writes at most `len` bytes to where `info` is, and how many it were to `len`.
        let failed = unsafe {
            libc::getsockopt(
                socket.as_raw_fd(),
                libc::IPPROTO_TCP,
                libc::TCP_INFO,
                info.as_mut_ptr().cast(),
                std::ptr::from_mut(&mut len),
            )
        };
        let known = usize::try_from(len).ok().filter(|len| failed == 0 && *len >= AT + 8)?;
        info.get(..known)?.get(AT..AT + 8)?.try_into().ok().map(u64::from_ne_bytes)
    }

    #[cfg(not(target_os = "linux"))]
    fn received_on(_: BorrowedFd<'_>) -> Option<u64> {
        None
    }

    /// Shuts the connection down. It may have been closed meanwhile, and its number be another file's: what is shut down is
    /// held open, and looked at once more.
    fn shut_down(socket: BorrowedFd<'_>, ends: Ends) -> Option<OwnedFd> {
        let held = dup(socket).ok().filter(|held| ends_of(held.as_fd()) == Some(ends))?;
        shutdown(&held, Shutdown::Both).ok()?;
        Some(held)
    }

    fn ends_of(socket: BorrowedFd<'_>) -> Option<Ends> {
        let (local, remote) = (getsockname(socket).ok()?, getpeername(socket).ok()??);
        Some(Ends { local: SocketAddr::try_from(local).ok()?, remote: SocketAddr::try_from(remote).ok()? })
    }

    pub(super) fn is_writable(socket: BorrowedFd<'_>) -> bool {
        let mut polled = [PollFd::from_borrowed_fd(socket, PollFlags::OUT)];
        !matches!(poll(&mut polled, Some(&Timespec::default())), Ok(0))
    }

    fn each(mut look: impl FnMut(BorrowedFd<'_>, Ends)) {
        let descriptors = std::fs::read_dir("/dev/fd").into_iter().flatten().flatten();
        let numbers = descriptors.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        for number in numbers.collect::<Vec<i32>>() {
            // SAFETY: it is only asked for its addresses and its state, which fails where nothing is open any more.
            let socket = unsafe { BorrowedFd::borrow_raw(number) };
            if let Some(ends) = ends_of(socket) {
                look(socket, ends);
            }
        }
    }
}

/// Elsewhere such a connection ends with the server.
#[cfg(not(unix))]
pub(super) mod system {
    use std::collections::HashMap;

    use super::{Ends, SocketNumber};

    pub(in super::super) fn unread_answers(_: u16) -> Vec<(Ends, Vec<u8>)> {
        Vec::new()
    }

    pub(in super::super) fn numbers() -> HashMap<Ends, SocketNumber> {
        HashMap::new()
    }

    pub(in super::super) fn received(_: SocketNumber, _: Ends) -> Option<u64> {
        None
    }

    pub(in super::super) fn end(_: SocketNumber, _: Ends) {}

    pub(in super::super) fn open() -> Vec<Ends> {
        Vec::new()
    }

    pub(super) fn shut_down_first(_: impl Fn((), Ends) -> bool) {}

    pub(super) fn is_writable((): ()) -> bool {
        true
    }
}
