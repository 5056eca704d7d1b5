// SPDX-License-Identifier: GPL-2.0

//! TCP sockets of the kernel's own.

use crate::ffi::RawSocket;
use core::net::SocketAddr;
use core::ptr::NonNull;
use kernel::alloc::Flags;
use kernel::prelude::*;
use kernel::time::Delta;
use kernel::workqueue::Queue;

/// A connected TCP socket, which a session is made of.
///
/// Its network namespace is the initial one, unless it was a program's.
///
/// # Examples
///
/// ```
/// use core::net::SocketAddr;
/// use kernel::time::Delta;
/// use sluice::Socket;
///
/// fn connect() -> Result<Socket> {
///     let to: SocketAddr = "[2001:db8::1]:6514".parse().map_err(|_| EINVAL)?;
///     let socket = Socket::connect(&to, Delta::from_secs(3))?;
///     socket.set_nodelay();
///     Ok(socket)
/// }
/// ```
pub struct Socket(RawSocket);

impl Socket {
    /// Connects, in the given time; without any, in TCP's own.
    ///
    /// Fails with `ETIMEDOUT`, `ECONNREFUSED`, `EHOSTUNREACH` and what else TCP says; `ERESTARTSYS`,
    /// a signal came. May sleep; [`connect_on`](Self::connect_on) does not.
    pub fn connect(to: &SocketAddr, timeout: Delta) -> Result<Self> {
        Ok(Self(RawSocket::connect(to, timeout)?))
    }

    /// Connects in a worker of `queue`, which calls `done` then.
    ///
    /// Fails with [`ENOMEM`], and `done` is not called; `flags` say how to allocate. Any context
    /// that they are for.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(CONFIG_KUNIT)]
    /// # sluice::test_loopback()?;
    /// use core::net::SocketAddr;
    /// use kernel::time::Delta;
    /// use sluice::queue::OwnedQueue;
    /// use sluice::Socket;
    ///
    /// let queue = OwnedQueue::new(c"example")?;
    /// let nobody: SocketAddr = "127.0.0.1:1".parse().map_err(|_| EINVAL)?;
    /// Socket::connect_on(&queue, nobody, Delta::from_secs(1), GFP_KERNEL, |result| {
    ///     assert_eq!(result.err(), Some(ECONNREFUSED));
    /// })?;
    /// // This waits for it.
    /// drop(queue);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn connect_on(
        queue: &Queue,
        to: SocketAddr,
        timeout: Delta,
        flags: Flags,
        done: impl FnOnce(Result<Self>) + Send + 'static,
    ) -> Result {
        queue.try_spawn(flags, move || done(Self::connect(&to, timeout)))?;
        Ok(())
    }

    /// Takes the socket of one of the present process's file descriptors, which that may close then.
    ///
    /// Fails with [`EBADF`] or [`ENOTSOCK`]. May sleep.
    pub fn from_fd(fd: u32) -> Result<Self> {
        Ok(Self(RawSocket::from_fd(fd)?))
    }

    /// Takes a socket that C has made.
    ///
    /// # Safety
    ///
    /// `socket` is valid and the caller's own, who gives it away; if it has a file, with one
    /// reference to that.
    pub unsafe fn from_ptr(socket: NonNull<kernel::bindings::socket>) -> Self {
        // SAFETY: The caller has promised it.
        Self(unsafe { RawSocket::from_ptr(socket) })
    }

    /// Shares a socket that C keeps.
    ///
    /// The TCP connection ends when both have let go of it. Fails with [`EBADF`]: the socket has no
    /// file, and so nobody counts who has it. Any context.
    ///
    /// # Safety
    ///
    /// `socket` is valid for the call.
    pub unsafe fn share_ptr(socket: NonNull<kernel::bindings::socket>) -> Result<Self> {
        // SAFETY: The caller has promised it.
        Ok(Self(unsafe { RawSocket::share_ptr(socket) }?))
    }

    /// The address on our side.
    pub fn local_addr(&self) -> Result<SocketAddr> {
        self.0.name(false)
    }

    /// The address on the peer's side.
    pub fn peer_addr(&self) -> Result<SocketAddr> {
        self.0.name(true)
    }

    /// Sends small segments at once (TCP_NODELAY).
    pub fn set_nodelay(&self) {
        self.0.set_nodelay();
    }

    /// Gives it a file, as one has that can be shared.
    #[cfg(all(CONFIG_KUNIT, not(MODULE)))]
    pub(crate) fn test_file(&self) -> Result<NonNull<kernel::bindings::socket>> {
        crate::ffi::test_file(&self.0)
    }

    /// Gives both ends of a connection kTLS's keys.
    #[cfg(all(CONFIG_KUNIT, not(MODULE)))]
    pub(crate) fn test_keys(&self, peer: &Self, ours: &[u8; 32], theirs: &[u8; 32]) -> Result {
        crate::ffi::test_keys(&self.0, &peer.0, ours, theirs)
    }

    pub(crate) fn into_raw(self) -> RawSocket {
        self.0
    }
}

/// A TCP socket that listens, in the initial network namespace.
///
/// # Examples
///
/// ```
/// use core::net::{Ipv6Addr, SocketAddr};
/// use kernel::time::Delta;
/// use sluice::{Listener, Socket};
///
/// # #[cfg(CONFIG_KUNIT)]
/// # sluice::test_loopback()?;
/// // A port of the system's choice; a connection to it, both ways.
/// let listener = Listener::bind(&SocketAddr::new(Ipv6Addr::LOCALHOST.into(), 0))?;
/// let client = Socket::connect(&listener.local_addr()?, Delta::from_secs(1))?;
/// let server = listener.accept()?;
/// assert_eq!(client.local_addr()?, server.peer_addr()?);
///
/// // Who waits in accept() is woken by the listener's end.
/// listener.shutdown();
/// assert!(listener.accept().is_err());
/// # Ok::<(), Error>(())
/// ```
pub struct Listener(RawSocket);

impl Listener {
    /// Connections that may wait for [`accept`](Self::accept).
    const BACKLOG: i32 = 4096;

    /// Listens at an address; an IPv6 wildcard takes connections of both families.
    ///
    /// Fails with [`EADDRINUSE`], [`EADDRNOTAVAIL`] and what else TCP says. May sleep.
    pub fn bind(at: &SocketAddr) -> Result<Self> {
        Ok(Self(RawSocket::listen(at, Self::BACKLOG)?))
    }

    /// Waits for the next connection.
    ///
    /// Fails with [`EINVAL`] after [`shutdown`](Self::shutdown); `ERESTARTSYS`, a signal came. May
    /// sleep.
    pub fn accept(&self) -> Result<Socket> {
        Ok(Socket(self.0.accept()?))
    }

    /// Listens no more, and wakes who waits. May sleep.
    pub fn shutdown(&self) {
        self.0.shutdown();
    }

    /// The address that it listens at.
    pub fn local_addr(&self) -> Result<SocketAddr> {
        self.0.name(false)
    }
}
