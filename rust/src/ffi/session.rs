// SPDX-License-Identifier: GPL-2.0

//! `struct sluice_session`.
//!
//! C header: `include/linux/sluice.h`

use super::{
    millis,
    RawSocket, //
};
use crate::{
    bindings,
    Info,
    KeySerial,
    KeyUpdate,
    SessionState,
    TrafficSecret, //
};
use core::cell::UnsafeCell;
use core::ptr::{
    self,
    NonNull, //
};
use kernel::error::{
    from_err_ptr,
    to_result, //
};
use kernel::ffi::{
    c_int,
    c_void, //
};
use kernel::prelude::*;
use kernel::time::Delta;

/// `struct sluice_session_params`, but for what is about callbacks.
pub(crate) struct Params {
    pub(crate) flags: u32,
    pub(crate) engine: u32,
    pub(crate) send_limit: usize,
}

/// A session of a connection's.
///
/// # Invariants
///
/// Null until [`create`](Self::create) has succeeded, which nobody can see who has a
/// [`Connection`](super::Connection); then a valid session that does not change.
pub(crate) struct RawSession(UnsafeCell<*mut bindings::sluice_session>);

impl RawSession {
    pub(super) fn none() -> Self {
        // INVARIANT: Null.
        Self(UnsafeCell::new(ptr::null_mut()))
    }

    pub(super) fn as_ptr(&self) -> *mut bindings::sluice_session {
        // SAFETY: By the type's invariants nobody writes any more.
        unsafe { *self.0.get() }
    }

    /// # Safety
    ///
    /// Nobody else knows `self` yet, and `create` is called once. `data` is what the callbacks in
    /// `ops` take for the session's `priv`, and these are code of `module`'s.
    pub(super) unsafe fn create(
        &self,
        socket: RawSocket,
        params: &Params,
        module: &'static ThisModule,
        ops: &'static bindings::sluice_session_ops,
        data: *mut c_void,
    ) -> Result {
        let params = bindings::sluice_session_params {
            ops,
            priv_: data,
            module: module.as_ptr(),
            flags: params.flags,
            engine: params.engine,
            send_limit: params.send_limit,
        };
        // SAFETY: The socket was ours and is the session's now; `params` is only read.
        let session = unsafe { bindings::sluice_session_create(socket.into_ptr(), &params) };
        let session = from_err_ptr(session)?;
        // INVARIANT: The session is valid for as long as its owner, who has `self`.
        // SAFETY: The caller promises that nobody looks.
        unsafe { *self.0.get() = session };
        Ok(())
    }

    pub(crate) fn handshake(&self, handshake: &bindings::sluice_handshake) -> Result {
        // SAFETY: The session is valid; what `handshake` refers to is copied.
        to_result(unsafe { bindings::sluice_session_handshake(self.as_ptr(), handshake) })
    }

    pub(crate) fn adopt(&self) -> Result {
        // SAFETY: The session is valid.
        to_result(unsafe { bindings::sluice_session_adopt(self.as_ptr()) })
    }

    /// Opens the session on a socket whose keys come from these secrets.
    pub(crate) fn attach(&self, tx: &TrafficSecret, rx: &TrafficSecret) -> Result {
        let suite = tx.suite();
        let mut args = bindings::sluice_attach {
            version: TLS_1_3,
            cipher_type: suite.to_ktls().ok_or(EOPNOTSUPP)?,
            flags: bindings::SLUICE_ATTACH_TX | bindings::SLUICE_ATTACH_RX,
            secret_len: suite.secret_len().ok_or(EOPNOTSUPP)? as u32,
            ..Default::default()
        };
        args.tx_secret.copy_from_slice(tx.octets());
        args.rx_secret.copy_from_slice(rx.octets());
        // SAFETY: The session is valid; `args` is only read.
        let rc = unsafe { bindings::sluice_session_attach(self.as_ptr(), &args) };
        super::wipe(&mut args.tx_secret);
        super::wipe(&mut args.rx_secret);
        to_result(rc)
    }

    pub(crate) fn close(&self, timeout: Delta) -> Result {
        // SAFETY: The session is valid.
        to_result(unsafe { bindings::sluice_session_close(self.as_ptr(), millis(timeout)) })
    }

    pub(crate) fn error(&self) -> Result {
        // SAFETY: The session is valid.
        to_result(unsafe { bindings::sluice_session_error(self.as_ptr()) })
    }

    pub(crate) fn send_wait(&self, data: &[u8], flags: u32) -> Result {
        // SAFETY: The session is valid; the slice is there until the call returns.
        to_result(unsafe {
            bindings::sluice_send_wait_bytes(self.as_ptr(), data.as_ptr().cast(), data.len(), flags)
        })
    }

    pub(crate) fn recv_wait(&self, room: &mut [u8], flags: u32) -> Result<usize> {
        // SAFETY: The session is valid; the slice is there until the call returns.
        let rc = unsafe {
            bindings::sluice_recv_wait_bytes(
                self.as_ptr(),
                room.as_mut_ptr().cast(),
                room.len(),
                flags,
            )
        };
        // CAST: A negative value is an errno.
        usize::try_from(rc).map_err(|_| kernel::error::Error::from_errno(rc as c_int))
    }

    pub(super) fn recv(&self, recv: NonNull<bindings::sluice_recv>) -> Result {
        // SAFETY: The session is valid; `recv` is part of a connection that lives longer.
        to_result(unsafe { bindings::sluice_recv(self.as_ptr(), recv.as_ptr()) })
    }

    pub(super) fn state(&self) -> SessionState {
        // SAFETY: The session is valid.
        SessionState::from_c(unsafe { bindings::sluice_session_state(self.as_ptr()) })
    }

    pub(super) fn info(&self) -> Option<Info> {
        let mut info = bindings::sluice_info::default();
        // SAFETY: The session is valid; `info` is there for the call.
        to_result(unsafe { bindings::sluice_session_info(self.as_ptr(), &mut info) }).ok()?;
        Some(Info::from_c(&info))
    }

    pub(super) fn peer(&self) -> Option<KeySerial> {
        // SAFETY: The session is valid.
        KeySerial::new(unsafe { bindings::sluice_session_peer(self.as_ptr()) })
    }

    pub(super) fn protocol(&self) -> Option<&CStr> {
        // SAFETY: The session is valid; the name is one of its own, or null.
        let name = unsafe { bindings::sluice_session_alpn(self.as_ptr()) };
        // SAFETY: It ends with a NUL, and stays as long as the session.
        (!name.is_null()).then(|| unsafe { CStr::from_char_ptr(name) })
    }

    pub(super) fn unacked(&self) -> Result<usize> {
        // SAFETY: The session is valid.
        let rc = unsafe { bindings::sluice_session_unacked(self.as_ptr()) };
        // CAST: A negative value is an errno.
        usize::try_from(rc).map_err(|_| kernel::error::Error::from_errno(rc as c_int))
    }

    pub(super) fn key_update(&self, update: KeyUpdate) -> Result {
        let request = update == KeyUpdate::Requested;
        // SAFETY: The session is valid.
        to_result(unsafe { bindings::sluice_session_key_update(self.as_ptr(), request) })
    }

    pub(super) fn shutdown(&self) {
        // SAFETY: The session is valid.
        unsafe { bindings::sluice_session_shutdown(self.as_ptr()) };
    }

    pub(super) fn flush(&self) {
        // SAFETY: The session is valid.
        unsafe { bindings::sluice_send_flush(self.as_ptr()) };
    }
}

/// `TLS_1_3_VERSION` of `linux/tls.h`.
const TLS_1_3: u16 = 0x0304;
