// SPDX-License-Identifier: GPL-2.0

//! `struct socket`.
//!
//! C header: [`include/linux/net.h`](srctree/include/linux/net.h)

use crate::bindings;
use crate::ffi::millis;
use core::mem::ManuallyDrop;
use core::net::{
    IpAddr,
    Ipv4Addr,
    Ipv6Addr,
    SocketAddr,
    SocketAddrV6, //
};
use core::ptr::{
    self,
    NonNull, //
};
use kernel::error::to_result;
use kernel::prelude::*;
use kernel::time::Delta;

/// A TCP socket of ours.
///
/// # Invariants
///
/// The pointer is to a socket that nobody else releases; where it has a file, one reference to that
/// is ours.
pub(crate) struct RawSocket(NonNull<kernel::bindings::socket>);

// SAFETY: A socket has its own locks, and belongs to no thread.
unsafe impl Send for RawSocket {}
// SAFETY: As above.
unsafe impl Sync for RawSocket {}

impl RawSocket {
    /// Has `make` make a socket.
    fn make(make: impl FnOnce(*mut *mut kernel::bindings::socket) -> c_int) -> Result<Self> {
        let mut socket = ptr::null_mut();
        to_result(make(&mut socket))?;
        // INVARIANT: A call that returned 0 has given us a socket.
        Ok(Self(NonNull::new(socket).ok_or(EINVAL)?))
    }

    pub(crate) fn connect(to: &SocketAddr, timeout: Delta) -> Result<Self> {
        let to = to_c(to);
        // SAFETY: Both pointers are valid for the call.
        Self::make(|res| unsafe { bindings::sluice_connect(&to, millis(timeout), res) })
    }

    pub(crate) fn listen(at: &SocketAddr, backlog: i32) -> Result<Self> {
        let at = to_c(at);
        // SAFETY: Both pointers are valid for the call.
        Self::make(|res| unsafe { bindings::sluice_listen(&at, backlog, res) })
    }

    pub(crate) fn accept(&self) -> Result<Self> {
        // SAFETY: The socket is valid by the type's invariants, the other pointer for the call.
        Self::make(|res| unsafe { bindings::sluice_accept(self.as_ptr(), res) })
    }

    pub(crate) fn from_fd(fd: u32) -> Result<Self> {
        let fd = fd.try_into().map_err(|_| EBADF)?;
        // SAFETY: The pointer is valid for the call, which takes any number.
        Self::make(|res| unsafe { bindings::sluice_from_fd(fd, res) })
    }

    /// # Safety
    ///
    /// `socket` is valid, and the caller's: it goes to the new value.
    pub(crate) unsafe fn from_ptr(socket: NonNull<kernel::bindings::socket>) -> Self {
        // INVARIANT: The caller has promised it.
        Self(socket)
    }

    /// # Safety
    ///
    /// `socket` is valid for the call.
    pub(crate) unsafe fn share_ptr(socket: NonNull<kernel::bindings::socket>) -> Result<Self> {
        // SAFETY: The caller has promised it.
        to_result(unsafe { bindings::sluice_share(socket.as_ptr()) })?;
        // INVARIANT: The call has taken a reference to the file.
        Ok(Self(socket))
    }

    pub(crate) fn as_ptr(&self) -> *mut kernel::bindings::socket {
        self.0.as_ptr()
    }

    /// Gives the socket to who will release it.
    pub(crate) fn into_ptr(self) -> *mut kernel::bindings::socket {
        ManuallyDrop::new(self).as_ptr()
    }

    pub(crate) fn name(&self, peer: bool) -> Result<SocketAddr> {
        let mut addr = bindings::sluice_addr::default();
        // SAFETY: The socket is valid by the type's invariants, `addr` for the call.
        to_result(unsafe { bindings::sluice_name(self.as_ptr(), peer, &mut addr) })?;
        Ok(from_c(&addr))
    }

    pub(crate) fn shutdown(&self) {
        // SAFETY: The socket is valid by the type's invariants.
        unsafe { bindings::sluice_shutdown(self.as_ptr()) };
    }

    pub(crate) fn set_nodelay(&self) {
        // SAFETY: The socket is valid by the type's invariants.
        unsafe { bindings::sluice_nodelay(self.as_ptr()) };
    }
}

impl Drop for RawSocket {
    fn drop(&mut self) {
        // SAFETY: By the type's invariants the socket, or a reference to its file, is ours.
        unsafe { bindings::sluice_release(self.as_ptr()) };
    }
}

/// Brings the loopback device up, where only tests run.
#[cfg(all(CONFIG_KUNIT, not(MODULE)))]
pub(crate) fn test_loopback() -> Result {
    // SAFETY: The call takes nothing, and its own locks.
    to_result(unsafe { bindings::sluice_test_loopback() })
}

/// Gives a socket a file.
#[cfg(all(CONFIG_KUNIT, not(MODULE)))]
pub(crate) fn test_file(socket: &RawSocket) -> Result<NonNull<kernel::bindings::socket>> {
    // SAFETY: The socket is valid, and has none: with one it is released by that.
    to_result(unsafe { bindings::sluice_test_file(socket.as_ptr()) })?;
    Ok(socket.0)
}

/// Gives both ends of a connection kTLS's keys, from the secret that each sends with.
#[cfg(all(CONFIG_KUNIT, not(MODULE)))]
pub(crate) fn test_keys(a: &RawSocket, b: &RawSocket, of_a: &[u8; 32], of_b: &[u8; 32]) -> Result {
    // SAFETY: The sockets are valid, and the secrets as long as those of the one suite that the call
    // is for.
    to_result(unsafe {
        bindings::sluice_test_keys(a.as_ptr(), b.as_ptr(), of_a.as_ptr(), of_b.as_ptr())
    })
}

fn to_c(addr: &SocketAddr) -> bindings::sluice_addr {
    let mut c = bindings::sluice_addr {
        port: addr.port(),
        ..Default::default()
    };
    match addr {
        SocketAddr::V4(v4) => c.ip[..4].copy_from_slice(&v4.ip().octets()),
        SocketAddr::V6(v6) => {
            c.ipv6 = true;
            c.scope_id = v6.scope_id();
            c.ip = v6.ip().octets();
        }
    }
    c
}

fn from_c(c: &bindings::sluice_addr) -> SocketAddr {
    if c.ipv6 {
        let ip = Ipv6Addr::from(c.ip);
        return SocketAddrV6::new(ip, c.port, 0, c.scope_id).into();
    }
    let [a, b, d, e, ..] = c.ip;
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(a, b, d, e)), c.port)
}

#[cfg(not(MODULE))]
#[kunit_tests(sluice_rust_address)]
mod tests {
    use super::*;

    #[test]
    fn both_ways() -> Result {
        for text in ["192.0.2.1:443", "[2001:db8::1]:8443"] {
            let addr: SocketAddr = text.parse().map_err(|_| EINVAL)?;
            assert_eq!(from_c(&to_c(&addr)), addr);
        }
        let scoped = SocketAddrV6::new(Ipv6Addr::LOCALHOST, 1, 0, 7).into();
        assert_eq!(from_c(&to_c(&scoped)), scoped);
        Ok(())
    }
}
