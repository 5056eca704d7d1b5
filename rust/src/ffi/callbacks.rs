// SPDX-License-Identifier: GPL-2.0

//! What the C module calls.
//!
//! A session calls back into its [`Connection`], which it knows as its `priv`, from before
//! `sluice_session_create()` until `released` takes it: C promises that nothing else runs then.

use super::{
    Connection,
    Lent,
    Request, //
};
use crate::{
    bindings,
    RecvBuffer,
    SendBuffer,
    SessionOps, //
};
use core::marker::PhantomData;
use core::ptr::NonNull;
use kernel::error::to_result;
use kernel::ffi::{
    c_int,
    c_uint,
    c_void, //
};
use kernel::prelude::*;

/// The table of a session whose events are `T`'s.
pub(super) struct Table<T>(PhantomData<T>);

impl<T: SessionOps> Table<T> {
    pub(super) const OPS: &'static bindings::sluice_session_ops = &bindings::sluice_session_ops {
        state: Some(state::<T>),
        writable: if T::HAS_WRITABLE {
            Some(writable::<T>)
        } else {
            None
        },
    };
}

/// The connection of a session.
///
/// # Safety
///
/// `session` is one of type `T`, and was not released in `'a`.
unsafe fn connection<'a, T: SessionOps>(
    session: *mut bindings::sluice_session,
) -> &'a Connection<T> {
    // SAFETY: The caller promises that the session is valid; its `priv` is a `Connection<T>`, which
    // lives until `released`.
    unsafe { &*bindings::sluice_session_priv(session).cast::<Connection<T>>() }
}

/// The session has come to a state.
///
/// # Safety
///
/// `session` is one of [`Table<T>`](Table), and was not released.
unsafe extern "C" fn state<T: SessionOps>(
    session: *mut bindings::sluice_session,
    state: bindings::sluice_session_state,
    error: c_int,
) {
    // SAFETY: C calls with a session of this table, which was not released.
    let connection = unsafe { connection::<T>(session) };
    connection.state_changed(state, to_result(error));
}

/// There is room in the queue again.
///
/// # Safety
///
/// `session` is one of [`Table<T>`](Table), and was not released.
unsafe extern "C" fn writable<T: SessionOps>(session: *mut bindings::sluice_session) {
    // SAFETY: C calls with a session of this table, which was not released.
    T::writable(unsafe { connection::<T>(session) });
}

/// A request to send is done.
///
/// # Safety
///
/// `send` is that of a [`Request`] which a session of type `T` was given, and gives back.
pub(super) unsafe extern "C" fn sent<T>(send: *mut bindings::sluice_send, error: c_int)
where
    T: SessionOps,
    T::Buffer: SendBuffer,
{
    // SAFETY: C gives a request back that a session of type `T` was given, and is in its callback:
    // the connection lives.
    let (connection, request) = unsafe { Request::take::<T>(send.cast()) };
    T::sent(connection, request, connection.judge(to_result(error)));
}

/// A request to receive is done.
///
/// # Safety
///
/// `recv` is that of a [`Request`] which a session of type `T` was given, and gives back.
pub(super) unsafe extern "C" fn filled<T>(recv: *mut bindings::sluice_recv, error: c_int)
where
    T: SessionOps,
    T::Buffer: RecvBuffer,
{
    // SAFETY: The request is valid until it is taken.
    let received = unsafe { (*recv).received };
    // SAFETY: As in `sent`.
    let (connection, mut request) = unsafe { Request::take::<T>(recv.cast()) };
    // CAST: No more than the room, which is in memory.
    let received = received as usize;
    request.filled(received);
    let result = connection.judge(to_result(error)).map(|()| received);
    T::filled(connection, request, result);
}

/// Data is lent.
///
/// # Safety
///
/// `recv` is the lending of a session of type `T` that was not released; `skb` has `len` octets at
/// `offset` for the time of the call.
pub(super) unsafe extern "C" fn lend<T: SessionOps>(
    recv: *mut bindings::sluice_recv,
    skb: *mut kernel::bindings::sk_buff,
    offset: c_uint,
    len: usize,
) -> usize {
    // SAFETY: `recv` is a connection's own, which lives while its session calls back.
    let connection = unsafe { Connection::<T>::of_lending(recv) };
    let Some(skb) = NonNull::new(skb) else {
        return 0;
    };
    // CAST: An skb's length is an `unsigned int`.
    let len = len as u32;
    // SAFETY: C lends `len` octets at `offset` until we return, which is when the borrow ends.
    connection.lend(&unsafe { Lent::new(skb, offset, len) })
}

/// No more data is lent for now.
///
/// # Safety
///
/// `recv` is the lending of a session of type `T` that was not released.
pub(super) unsafe extern "C" fn lent<T: SessionOps>(
    recv: *mut bindings::sluice_recv,
    error: c_int,
) {
    // SAFETY: As in `lend`.
    let connection = unsafe { Connection::<T>::of_lending(recv) };
    connection.lent(to_result(error));
}

/// The session is gone: so is its connection.
///
/// # Safety
///
/// `connection` is the `priv` of a session of type `T`, of which no callback runs or will come.
pub(super) unsafe extern "C" fn released<T: SessionOps>(connection: *mut c_void) {
    // SAFETY: `Owner::new` has given it away, and by the function's contract nobody uses it.
    drop(unsafe { Pin::new_unchecked(KBox::from_raw(connection.cast::<Connection<T>>())) });
}
