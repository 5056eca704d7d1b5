// SPDX-License-Identifier: GPL-2.0

//! What belongs to a session on the Rust side, and who owns it.

use super::callbacks::{
    self,
    Table, //
};
use super::request::Lending;
use super::session::{
    Params,
    RawSession, //
};
use super::{
    Lent,
    RawSocket,
    Request, //
};
use crate::bindings;
use crate::completion::Completion;
use crate::{
    Error,
    Info,
    KeyUpdate,
    RecvBuffer,
    Refused,
    SendBuffer,
    SessionOps,
    SessionState, //
};
use core::ops::Deref;
use core::ptr::NonNull;
use kernel::prelude::*;
use kernel::sync::atomic::{
    Atomic,
    Full,
    Relaxed, //
};

/// How a connection's [`Lending`] stands.
const IDLE: i32 = 0;
/// The session has it.
const ACTIVE: i32 = 1;
/// The session has it, and is to have it again.
const AGAIN: i32 = 2;
/// There is no more data to lend.
const ENDED: i32 = 3;

/// A session, as its callbacks see it: everything that never sleeps.
///
/// [`Session`](crate::Session) is the owner's view, which derefs to this one. A callback has no more
/// than a reference: so it can neither keep its own session alive, nor wait for it, nor close it.
/// What it can do is [`shutdown`](Self::shutdown), or have a worker of the driver's drop the
/// session.
///
/// All methods can be called from any context, interrupts and spinlocks included.
#[pin_data]
pub struct Connection<T: SessionOps> {
    session: RawSession,
    lending: Lending,
    lending_state: Atomic<i32>,
    /// [`SessionOps::received`] wants no more for now.
    stopped: Atomic<bool>,
    /// The handshake is over, one way or the other.
    #[pin]
    pub(crate) settled: Completion,
    #[pin]
    data: T,
}

// SAFETY: All that C has of it is protected by the session's own locks, and `T` is `Send`.
unsafe impl<T: SessionOps> Send for Connection<T> {}
// SAFETY: As above, and `T` is `Sync`.
unsafe impl<T: SessionOps> Sync for Connection<T> {}

impl<T: SessionOps> Connection<T> {
    pub(super) fn session(&self) -> *mut bindings::sluice_session {
        self.session.as_ptr()
    }

    pub(crate) fn raw(&self) -> &RawSession {
        &self.session
    }

    /// # Safety
    ///
    /// `recv` is the [`Lending`] of a connection of this type, which lives for `'a`.
    pub(super) unsafe fn of_lending<'a>(recv: *mut bindings::sluice_recv) -> &'a Self {
        // SAFETY: The caller promises that it is that field.
        unsafe { &*kernel::container_of!(recv.cast::<Lending>(), Self, lending) }
    }

    /// What the driver has given when the session was made.
    pub fn data(&self) -> &T {
        &self.data
    }

    /// Where the session stands.
    pub fn state(&self) -> SessionState {
        self.session.state()
    }

    /// What the session has counted, and its alerts; [`None`] if it was never open.
    pub fn info(&self) -> Option<Info> {
        self.session.info()
    }

    /// Serial of the key that the peer has authenticated with, if the agent has named it.
    pub fn peer(&self) -> Option<crate::KeySerial> {
        self.session.peer()
    }

    /// The application protocol (ALPN, RFC 7301) that the handshake has chosen of
    /// [`SessionBuilder::protocols`](crate::SessionBuilder::protocols), if it has chosen any.
    pub fn protocol(&self) -> Option<&CStr> {
        self.session.protocol()
    }

    /// Octets on their way to the peer: in the session's queue, and unacknowledged by the peer's TCP.
    ///
    /// With 0, all that was sent before has come there; whether the peer's program has read it
    /// nobody can tell. Fails with [`ENOTCONN`], not open, or not any more.
    pub fn unacked(&self) -> Result<usize> {
        self.session.unacked()
    }

    /// Renews the sending key before the next data (RFC 9846, section 4.6.3).
    ///
    /// Nobody needs it to keep the AEAD's limits: the session sees to them. Fails with
    /// [`ENOTCONN`], not open; or [`EOPNOTSUPP`], the agent has handed no secrets down.
    pub fn key_update(&self, update: KeyUpdate) -> Result {
        self.session.key_update(update)
    }

    /// Sends no more: what is queued leaves, then close_notify. Receiving goes on.
    pub fn shutdown(&self) {
        self.session.shutdown();
    }

    /// Lets nothing wait for more that [`queue_send_more`](Self::queue_send_more) has announced.
    pub fn flush(&self) {
        self.session.flush();
    }

    /// Queues a request to be sent; [`SessionOps::sent`] gives it back.
    ///
    /// Requests leave in their order; small ones that are queued together share records. Nothing is
    /// allocated.
    ///
    /// The request is refused with [`EAGAIN`], the queue is full: [`SessionOps::writable`] will
    /// follow; [`ENOTCONN`], the session is not open yet; [`EPIPE`] after
    /// [`shutdown`](Self::shutdown); [`EINVAL`], a range that is not within its page, or a page of a
    /// slab; `ECANCELED`, closed; or with what has ended the session.
    pub fn queue_send(&self, request: Request<T::Buffer>) -> Result<(), Refused<T::Buffer>>
    where
        T::Buffer: SendBuffer,
    {
        self.refuse(request.send(self, false))
    }

    /// The same for a request that others follow soon: it may wait for them, to fill a record.
    pub fn queue_send_more(&self, request: Request<T::Buffer>) -> Result<(), Refused<T::Buffer>>
    where
        T::Buffer: SendBuffer,
    {
        self.refuse(request.send(self, true))
    }

    /// Queues a request to be filled with any data there is; [`SessionOps::filled`] gives it back.
    ///
    /// Requests are filled in their order. The request is refused with [`ENOTCONN`], the session is
    /// not open yet; [`EINVAL`], a range that is not within its page; `ECANCELED`, closed; or with
    /// what has ended the session.
    pub fn queue_recv(&self, request: Request<T::Buffer>) -> Result<(), Refused<T::Buffer>>
    where
        T::Buffer: RecvBuffer,
    {
        self.refuse(request.recv(self, false))
    }

    /// The same for a request that is given back when it is full, or no more comes.
    pub fn queue_recv_exact(&self, request: Request<T::Buffer>) -> Result<(), Refused<T::Buffer>>
    where
        T::Buffer: RecvBuffer,
    {
        self.refuse(request.recv(self, true))
    }

    /// Goes on with [`SessionOps::received`], which has taken less than there was.
    ///
    /// Where it has not, it may be called once more than it would have been.
    pub fn resume(&self) {
        if !T::HAS_RECEIVED {
            return;
        }
        loop {
            if self.lending_state.cmpxchg(IDLE, ACTIVE, Full).is_ok() {
                self.start_lending();
                return;
            }
            // If it has stopped just now, there is nobody else to see to it.
            if self.lending_state.cmpxchg(ACTIVE, AGAIN, Full) != Err(IDLE) {
                return;
            }
        }
    }

    fn start_lending(&self) {
        if self.session.recv(self.lending.as_ptr()).is_err() {
            // What ended the session goes to `closed`.
            self.lending_state.store(ENDED, Relaxed);
        }
    }

    pub(super) fn lend(&self, data: &Lent<'_>) -> usize {
        let taken = T::received(self, data).min(data.len());
        if taken < data.len() {
            self.stopped.store(true, Relaxed);
        }
        taken
    }

    pub(super) fn lent(&self, result: Result) {
        if result.is_ok() && self.stopped.xchg(false, Relaxed) {
            if self.lending_state.cmpxchg(ACTIVE, IDLE, Full) == Err(AGAIN) {
                self.lending_state.store(ACTIVE, Relaxed);
                self.start_lending();
            }
        } else {
            self.lending_state.store(ENDED, Relaxed);
            if result.is_ok() {
                T::ended(self);
            }
        }
    }

    pub(super) fn state_changed(&self, state: bindings::sluice_session_state, result: Result) {
        match SessionState::from_c(state) {
            SessionState::Open => {
                T::opened(self);
                self.settled.complete_all();
                if T::HAS_RECEIVED {
                    self.resume();
                }
            }
            SessionState::Closed | SessionState::Failed => {
                self.settled.complete_all();
                T::closed(self, self.judge(result));
            }
            _ => {}
        }
    }

    /// Adds the alerts to what has ended the session.
    pub(crate) fn judge<R>(&self, result: Result<R>) -> Result<R, Error> {
        result.map_err(|errno| match self.info() {
            Some(info) => Error::new(errno, info.alert_received, info.alert_sent),
            None => errno.into(),
        })
    }

    fn refuse(
        &self,
        result: Result<(), (kernel::error::Error, Request<T::Buffer>)>,
    ) -> Result<(), Refused<T::Buffer>> {
        result.map_err(|(errno, request)| Refused {
            error: self.judge::<()>(Err(errno)).err().unwrap_or(errno.into()),
            request,
        })
    }
}

/// The one owner of a session and of its connection. Dropping it never sleeps.
///
/// # Invariants
///
/// The pointer is to a connection that was leaked by [`Owner::new`], whose session was not released.
pub(crate) struct Owner<T: SessionOps>(NonNull<Connection<T>>);

// SAFETY: An owner is no more than its connection, which is `Send` and `Sync`.
unsafe impl<T: SessionOps> Send for Owner<T> {}
// SAFETY: As above.
unsafe impl<T: SessionOps> Sync for Owner<T> {}

impl<T: SessionOps> Owner<T> {
    /// Time for the orderly end of a session that was dropped, in milliseconds.
    const DROP_TIMEOUT_MS: u32 = bindings::SLUICE_CLOSE_TIMEOUT_MS;

    /// Makes a session of a socket.
    pub(crate) fn new(
        socket: RawSocket,
        params: &Params,
        data: impl PinInit<T, kernel::error::Error>,
    ) -> Result<Self> {
        let connection = KBox::pin_init(
            try_pin_init!(Connection {
                session: RawSession::none(),
                lending: Lending::new::<T>(),
                lending_state: Atomic::new(IDLE),
                stopped: Atomic::new(false),
                settled <- Completion::new(),
                data <- data,
            }? kernel::error::Error),
            GFP_KERNEL,
        )?;
        // SAFETY: Nobody moves it until `released` drops it.
        let connection = KBox::into_raw(unsafe { Pin::into_inner_unchecked(connection) });
        // SAFETY: The connection is what the callbacks of `Table<T>` take for `priv`; nobody else
        // knows it yet.
        let created = unsafe {
            (*connection).session.create(
                socket,
                params,
                kernel::module::this_module::<T::OwnerModule>(),
                Table::<T>::OPS,
                connection.cast(),
            )
        };
        if let Err(error) = created {
            // SAFETY: There is no session that knows it.
            drop(unsafe { Pin::new_unchecked(KBox::from_raw(connection)) });
            return Err(error);
        }
        // INVARIANT: There is a session now, which is the connection's.
        // SAFETY: A box's pointer is not null.
        Ok(Self(unsafe { NonNull::new_unchecked(connection) }))
    }

    /// Gives the connection away, to [`Owner::from_raw`].
    pub(super) fn into_raw(self) -> NonNull<Connection<T>> {
        core::mem::ManuallyDrop::new(self).0
    }

    /// # Safety
    ///
    /// `connection` comes from [`Owner::into_raw`], and is not used for this again.
    pub(super) unsafe fn from_raw(connection: NonNull<Connection<T>>) -> Self {
        // INVARIANT: It was an owner's.
        Self(connection)
    }
}

impl<T: SessionOps> Deref for Owner<T> {
    type Target = Connection<T>;

    fn deref(&self) -> &Connection<T> {
        // SAFETY: By the type's invariants it is there, and `released` frees it only when the owner
        // has let go.
        unsafe { self.0.as_ref() }
    }
}

impl<T: SessionOps> Drop for Owner<T> {
    fn drop(&mut self) {
        let session = self.session();
        // SAFETY: The session is ours, and this is the end of that. `released` takes the connection,
        // which is its `priv`.
        unsafe {
            bindings::sluice_session_release(
                session,
                Self::DROP_TIMEOUT_MS,
                Some(callbacks::released::<T>),
            )
        };
    }
}
