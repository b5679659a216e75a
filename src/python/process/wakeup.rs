//! A descriptor that becomes readable when the worker has an event for an event loop.

use std::io;

#[cfg(target_os = "linux")]
pub use self::eventfd::Wakeup;
#[cfg(not(unix))]
pub use self::none::Wakeup;
#[cfg(all(unix, not(target_os = "linux")))]
pub use self::pair::Wakeup;

/// Linux has a descriptor made for this: a counter.
#[cfg(target_os = "linux")]
mod eventfd {
    use std::fs::File;
    use std::io::{Read, Write};
    use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

    use super::io;

    /// The counter; above zero it is readable.
    pub struct Wakeup(File);

    impl Wakeup {
        /// A counter at zero.
        pub fn new() -> io::Result<Self> {
            // SAFETY: the call takes no pointers; a descriptor that it returns belongs to nobody else.
            let counter = unsafe {
                match libc::eventfd(0, libc::EFD_NONBLOCK | libc::EFD_CLOEXEC) {
                    -1 => return Err(io::Error::last_os_error()),
                    descriptor => OwnedFd::from_raw_fd(descriptor),
                }
            };
            Ok(Wakeup(File::from(counter)))
        }

        /// What the loop watches.
        pub fn descriptor(&self) -> i32 {
            self.0.as_raw_fd()
        }

        /// Makes it readable. It cannot fail but at the counter's end, where it is readable anyway.
        pub fn notify(&self) {
            let _ = (&self.0).write(&1_u64.to_ne_bytes());
        }

        /// Makes it unreadable. There is nothing to read if the loop woke up for nothing.
        pub fn reset(&self) {
            let _ = (&self.0).read(&mut [0; 8]);
        }
    }
}

/// Elsewhere two connected sockets do.
#[cfg(all(unix, not(target_os = "linux")))]
mod pair {
    use std::io::{Read, Write};
    use std::os::fd::AsRawFd;
    use std::os::unix::net::UnixStream;

    use super::io;

    /// The two ends.
    pub struct Wakeup {
        sender: UnixStream,
        receiver: UnixStream,
    }

    impl Wakeup {
        /// A pair with nothing in it.
        pub fn new() -> io::Result<Self> {
            let (sender, receiver) = UnixStream::pair()?;
            sender.set_nonblocking(true)?;
            receiver.set_nonblocking(true)?;
            Ok(Wakeup { sender, receiver })
        }

        /// What the loop watches.
        pub fn descriptor(&self) -> i32 {
            self.receiver.as_raw_fd()
        }

        /// Makes it readable. A full socket is readable anyway.
        pub fn notify(&self) {
            let _ = (&self.sender).write(&[1]);
        }

        /// Makes it unreadable, or nearly so: the loop comes back for what is left.
        pub fn reset(&self) {
            let _ = (&self.receiver).read(&mut [0; 64]);
        }
    }
}

/// Windows' usual event loop cannot watch descriptors at all.
#[cfg(not(unix))]
mod none {
    use super::io;

    /// Never made.
    pub struct Wakeup;

    impl Wakeup {
        /// Always an error, after which the portable bridge is used.
        pub fn new() -> io::Result<Self> {
            Err(io::Error::from(io::ErrorKind::Unsupported))
        }

        /// Never called.
        pub fn descriptor(&self) -> i32 {
            -1
        }

        /// Never called.
        pub fn notify(&self) {}

        /// Never called.
        pub fn reset(&self) {}
    }
}
