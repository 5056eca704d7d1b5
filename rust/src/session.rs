// SPDX-License-Identifier: GPL-2.0

//! A session in its owner's hands, and the handshake before it.

use crate::ffi::{
    millis,
    Owner, //
};
use crate::{
    bindings,
    Connection,
    Error,
    SessionOps,
    SessionState, //
};
use core::ops::Deref;
use kernel::prelude::*;
use kernel::time::{
    msecs_to_jiffies,
    Delta, //
};

/// A handshake under way, which nothing can be sent over yet.
///
/// It ends by itself, in the time that [`SessionBuilder::timeout`](crate::SessionBuilder::timeout)
/// gives it. Whoever waits for it gets the [`Session`]; a driver that works by callbacks may keep
/// it as it is, and drop it when [`SessionOps::closed`] says that there is no more to be had.
/// Dropping it cancels the handshake, or closes the session if it has succeeded, without sleeping.
///
/// # Examples
///
/// ```
/// use kernel::time::Delta;
/// use sluice::{Error, Handshake, Session, SessionOps};
///
/// fn wait_a_little<T: SessionOps>(handshake: Handshake<T>) -> Result<Session<T>, Error> {
///     if !handshake.wait_for(Delta::from_millis(500)) {
///         pr_info!("the agent takes its time\n");
///     }
///     handshake.wait()
/// }
/// ```
#[must_use = "a handshake is cancelled when it is dropped"]
pub struct Handshake<T: SessionOps>(Owner<T>);

impl<T: SessionOps> Handshake<T> {
    pub(crate) fn new(owner: Owner<T>) -> Self {
        Self(owner)
    }

    /// Where the session stands.
    pub fn state(&self) -> SessionState {
        self.0.state()
    }

    /// What the driver has given when the session was made.
    pub fn data(&self) -> &T {
        self.0.data()
    }

    /// Whether it has come to an end, so that [`wait`](Self::wait) will not sleep.
    pub fn is_done(&self) -> bool {
        self.0.settled.is_done()
    }

    /// Waits for its end, for some time; returns whether it has come.
    ///
    /// May sleep. Not from a callback.
    pub fn wait_for(&self, timeout: Delta) -> bool {
        let timeout = msecs_to_jiffies(millis(timeout));
        self.0.settled.wait_for_completion_timeout(timeout)
    }

    /// Waits for its end.
    ///
    /// Fails with `ESRCH`, there is no agent; `ETIMEDOUT`; `ERESTARTSYS`, a signal came; or what
    /// the agent said, [`EACCES`] for one, where the peer could not be authenticated. May sleep.
    /// Not from a callback.
    pub fn wait(self) -> Result<Session<T>, Error> {
        self.0.settled.wait_for_completion_interruptible()?;
        let result = self.0.raw().error();
        self.0.judge(result)?;
        Ok(Session(self.0))
    }

    /// Cancels it, and returns when no callback runs or will run.
    ///
    /// May sleep. Not from a callback.
    pub fn cancel(self) {
        // Without time to wait there is nothing to fail with.
        let _ = self.0.raw().close(Delta::ZERO);
    }
}

/// A TLS session: a connection whose handshake has succeeded.
///
/// It is one owner's, who can share it in an [`Arc`](kernel::sync::Arc). Dropping it never sleeps: a
/// worker sends what is queued and close_notify, and gives the peer some seconds to say its own;
/// the driver may be unloaded meanwhile, which then waits for that worker. To wait oneself, or to
/// know how it ended, use [`close`](Self::close).
///
/// Beside what is here, which sleeps, it has all that [`Connection`] has.
///
/// # Examples
///
/// ```
/// use kernel::time::Delta;
/// use sluice::{Error, Session, SessionOps};
///
/// /// Asks and gets an answer.
/// fn ask<T: SessionOps>(session: Session<T>, answer: &mut [u8]) -> Result<usize, Error> {
///     session.send(b"GET / HTTP/1.0\r\n\r\n")?;
///     let len = session.recv(answer)?;
///     session.close(Delta::from_secs(1))?;
///     Ok(len)
/// }
/// ```
pub struct Session<T: SessionOps>(Owner<T>);

impl<T: SessionOps> Session<T> {
    pub(crate) fn new(owner: Owner<T>) -> Self {
        Self(owner)
    }

    pub(crate) fn into_owner(self) -> Owner<T> {
        self.0
    }

    /// Sends all of it; returns when kTLS has taken it.
    ///
    /// Fails as [`Connection::queue_send`] does, but waits where that says [`EAGAIN`]; with
    /// `ERESTARTSYS` a signal came, and nothing was sent. May sleep. Not from a callback.
    pub fn send(&self, data: &[u8]) -> Result<(), Error> {
        self.judge(self.raw().send_wait(data, 0))
    }

    /// Receives what there is, at least one octet; or none, at the peer's close_notify.
    ///
    /// Fails as [`Connection::queue_recv`] does; with `ERESTARTSYS` a signal came before any data.
    /// May sleep. Not from a callback.
    pub fn recv(&self, room: &mut [u8]) -> Result<usize, Error> {
        self.judge(self.raw().recv_wait(room, 0))
    }

    /// Fills all of it.
    ///
    /// Fails as [`recv`](Self::recv) does, and with [`ENODATA`] if the peer has ended before, or a
    /// signal came in the middle. May sleep. Not from a callback.
    pub fn recv_exact(&self, room: &mut [u8]) -> Result<(), Error> {
        let len = room.len();
        let rc = self.raw().recv_wait(room, bindings::SLUICE_RECV_EXACT);
        if self.judge(rc)? < len {
            return Err(ENODATA.into());
        }
        Ok(())
    }

    /// Ends the session: sends what is queued and close_notify, waits for the peer's.
    ///
    /// Without any time it does not wait, and drops what is queued. Fails with `ETIMEDOUT`, or
    /// with what ends the session meanwhile; one that has failed before is closed like any. When
    /// it returns no callback runs or will run. May sleep. Not from a callback.
    pub fn close(self, timeout: Delta) -> Result<(), Error> {
        self.judge(self.raw().close(timeout))
    }
}

impl<T: SessionOps> Deref for Session<T> {
    type Target = Connection<T>;

    fn deref(&self) -> &Connection<T> {
        &self.0
    }
}
