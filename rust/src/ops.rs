// SPDX-License-Identifier: GPL-2.0

//! What a session tells its driver.

use crate::{
    Connection,
    Error,
    Lent,
    Request, //
};
use kernel::prelude::*;

/// What a driver wants to hear of its sessions, and what it keeps with each of them.
///
/// The functions are called from workers of the session, at most one at a time of `opened` and
/// `closed`, of `received`, `filled` and `ended`, and of `sent` and `writable`; with no lock held,
/// but for `received`. They may sleep where nothing else is said, but the session's other work
/// waits meanwhile. None is called any more when [`Session::close`](crate::Session::close) has
/// returned, or when the value is dropped.
///
/// All but [`Buffer`](Self::Buffer) is optional; [`vtable`] itself says whose code the functions are
/// (`OwnerModule`). That module can be unloaded at any time: this waits for the functions, and none
/// is called after it.
///
/// # Examples
///
/// What comes is counted, and nothing is sent:
///
/// ```
/// use kernel::sync::atomic::{Atomic, Relaxed};
/// use sluice::{Connection, Lent, SessionOps};
///
/// struct Sink {
///     octets: Atomic<i64>,
/// }
///
/// #[vtable]
/// impl SessionOps for Sink {
///     type Buffer = ();
///
///     fn received(connection: &Connection<Self>, data: &Lent<'_>) -> usize {
///         connection.data().octets.add(data.len() as i64, Relaxed);
///         data.len()
///     }
/// }
/// ```
#[vtable]
pub trait SessionOps: Sized + Send + Sync + 'static {
    /// What is sent by [`Connection::queue_send`] and filled by [`Connection::queue_recv`]; `()`
    /// where neither is used.
    type Buffer: Send + 'static;

    /// The handshake has succeeded: data can be sent and received.
    fn opened(_connection: &Connection<Self>) {}

    /// Data has come. Returns how many octets are taken; with less than there are the rest stays,
    /// and nothing comes until [`Connection::resume`].
    ///
    /// Called with the socket's lock held, in a context that may sleep.
    ///
    /// A session whose driver has this function lends all its data here:
    /// [`Connection::queue_recv`] and the blocking functions get none.
    fn received(_connection: &Connection<Self>, _data: &Lent<'_>) -> usize {
        0
    }

    /// The peer has said close_notify: nothing comes any more, after `received` has taken all.
    /// Data can still be sent.
    fn ended(_connection: &Connection<Self>) {}

    /// A request is given back: its data was taken by kTLS, or some of it may have left. On an
    /// error the session has ended, or was closed.
    fn sent(
        _connection: &Connection<Self>,
        _request: Request<Self::Buffer>,
        _result: Result<(), Error>,
    ) {
    }

    /// A request is given back, with this many octets in it: fewer than asked for, which without
    /// "exact" means none, at the peer's close_notify.
    fn filled(
        _connection: &Connection<Self>,
        _request: Request<Self::Buffer>,
        _result: Result<usize, Error>,
    ) {
    }

    /// [`Connection::queue_send`] has said [`EAGAIN`], and now there is room again.
    fn writable(_connection: &Connection<Self>) {}

    /// The session has come to its end without its owner: in order, when both sides have said
    /// close_notify, or with what went wrong, the handshake included.
    fn closed(_connection: &Connection<Self>, _result: Result<(), Error>) {}
}
