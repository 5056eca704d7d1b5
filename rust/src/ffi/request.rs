// SPDX-License-Identifier: GPL-2.0

//! `struct sluice_send` and `struct sluice_recv`, with the memory that they are about.

use super::callbacks;
use super::Connection;
use crate::{
    bindings,
    RecvBuffer,
    SendBuffer,
    SessionOps, //
};
use core::mem::ManuallyDrop;
use core::ops::{
    Deref,
    DerefMut, //
};
use core::ptr::NonNull;
use kernel::alloc::Flags;
use kernel::error::to_result;
use kernel::page::Page;
use kernel::prelude::*;
use kernel::types::Opaque;

/// What a [`SendBuffer`] has to send.
pub enum Data<'a> {
    /// Octets, which are copied into the record.
    Bytes(&'a [u8]),
    /// Part of a page, which is encrypted from where it is.
    Page(&'a Page, usize, usize),
}

/// Where a [`RecvBuffer`] takes data.
pub enum Room<'a> {
    /// A slice.
    Bytes(&'a mut [u8]),
    /// Part of a page.
    Page(&'a mut Page, usize, usize),
}

/// The two structures, of which a request is one at a time.
union Operation {
    _send: ManuallyDrop<bindings::sluice_send>,
    _recv: ManuallyDrop<bindings::sluice_recv>,
}

/// The single piece of memory that an operation's `iov_iter` refers to.
union Segment {
    _kvec: ManuallyDrop<kernel::bindings::kvec>,
    _bvec: ManuallyDrop<kernel::bindings::bio_vec>,
}

/// A request on the heap.
///
/// # Invariants
///
/// While the session has it, `operation` is the session's, `connection` is the session's
/// [`Connection`], and nobody touches `segment` and `buffer`.
#[repr(C)]
pub(super) struct Inner<B> {
    // The first, so that a pointer to it is one to the whole.
    operation: Opaque<Operation>,
    segment: Opaque<Segment>,
    connection: *const (),
    buffer: B,
}

/// A buffer on its way to the peer, or waiting for what comes from it.
///
/// It is made once, and goes to the session by [`Connection::queue_send`] or
/// [`Connection::queue_recv`]; [`SessionOps::sent`] or [`SessionOps::filled`] give it back, to be
/// used again. So a driver that keeps its requests allocates nothing to send, and can do it in any
/// context.
///
/// Between the two calls there is nothing to access the buffer by: it was moved.
///
/// # Examples
///
/// ```
/// use sluice::Request;
///
/// let mut request = Request::new(KVec::from_elem(0u8, 512, GFP_KERNEL)?, GFP_KERNEL)?;
/// request[0] = 1;
/// assert_eq!(request.into_buffer().len(), 512);
/// # Ok::<(), Error>(())
/// ```
pub struct Request<B>(KBox<Inner<B>>);

// SAFETY: Nobody but the owner has a pointer into a request that is not the session's. What it has
// beside the buffer is plain data then.
unsafe impl<B: Send> Send for Request<B> {}
// SAFETY: Shared, it gives access to the buffer alone.
unsafe impl<B: Sync> Sync for Request<B> {}

impl<B> Request<B> {
    /// Makes a request of a buffer.
    pub fn new(buffer: B, flags: Flags) -> Result<Self> {
        let inner = Inner {
            operation: Opaque::zeroed(),
            segment: Opaque::zeroed(),
            connection: core::ptr::null(),
            buffer,
        };
        Ok(Self(KBox::new(inner, flags)?))
    }

    /// Takes the buffer out.
    pub fn into_buffer(self) -> B {
        KBox::into_inner(self.0).buffer
    }

    /// Gives the request to the session; `submit` says whether it took it.
    fn give<T: SessionOps<Buffer = B>>(
        self,
        connection: &Connection<T>,
        submit: impl FnOnce(*mut Inner<B>) -> Result,
    ) -> Result<(), (kernel::error::Error, Self)> {
        let inner = KBox::into_raw(self.0);
        // SAFETY: It is ours still.
        unsafe { (*inner).connection = core::ptr::from_ref(connection).cast() };
        submit(inner).map_err(|error| {
            // SAFETY: The session did not take it: it is what `into_raw` has returned.
            (error, Self(unsafe { KBox::from_raw(inner) }))
        })
    }

    /// Takes back what [`Self::give`] has given.
    ///
    /// # Safety
    ///
    /// `operation` is that of a request which was given to a session of type `T`, and which the
    /// session gives back now. The connection lives for `'a`.
    pub(super) unsafe fn take<'a, T: SessionOps<Buffer = B>>(
        operation: *mut kernel::ffi::c_void,
    ) -> (&'a Connection<T>, Self) {
        // SAFETY: The operation is the first in an `Inner` that is ours again.
        let inner = unsafe { KBox::from_raw(operation.cast::<Inner<B>>()) };
        // SAFETY: `give` has set it from such a reference, and the caller promises that it lives.
        let connection = unsafe { &*inner.connection.cast::<Connection<T>>() };
        (connection, Self(inner))
    }
}

impl<B: SendBuffer> Request<B> {
    pub(super) fn send<T: SessionOps<Buffer = B>>(
        self,
        connection: &Connection<T>,
        more: bool,
    ) -> Result<(), (kernel::error::Error, Self)> {
        self.give(connection, |inner| {
            // SAFETY: `inner` is ours until it is submitted, and does not move.
            let (send, segment, buffer) = unsafe {
                (
                    (*inner).operation.get().cast::<bindings::sluice_send>(),
                    (*inner).segment.get(),
                    &(*inner).buffer,
                )
            };
            let flags = if more { bindings::SLUICE_SEND_MORE } else { 0 };
            // SAFETY: As above.
            unsafe {
                (*send).flags = flags;
                (*send).done = Some(callbacks::sent::<T>);
            }
            match buffer.data() {
                // SAFETY: The data is borrowed from the buffer, which stays as it is, where it is,
                // until the request is done: so does the data. `segment` stays as long.
                Data::Bytes(bytes) => unsafe {
                    bindings::sluice_send_bytes(
                        send,
                        segment.cast(),
                        bytes.as_ptr().cast(),
                        bytes.len(),
                    )
                },
                Data::Page(page, offset, len) => {
                    let (offset, len) = in_page(offset, len)?;
                    // SAFETY: As above; the octets are within the page.
                    unsafe {
                        bindings::sluice_send_page(send, segment.cast(), page.as_ptr(), offset, len)
                    }
                }
            }
            // SAFETY: The request is complete, and stays until `sent` takes it.
            to_result(unsafe { bindings::sluice_send(connection.session(), send) })
        })
    }
}

impl<B: RecvBuffer> Request<B> {
    pub(super) fn recv<T: SessionOps<Buffer = B>>(
        self,
        connection: &Connection<T>,
        exact: bool,
    ) -> Result<(), (kernel::error::Error, Self)> {
        self.give(connection, |inner| {
            // SAFETY: `inner` is ours until it is submitted, and does not move.
            let (recv, segment, buffer) = unsafe {
                (
                    (*inner).operation.get().cast::<bindings::sluice_recv>(),
                    (*inner).segment.get(),
                    &mut (*inner).buffer,
                )
            };
            let flags = if exact {
                bindings::SLUICE_RECV_EXACT
            } else {
                0
            };
            // SAFETY: As above.
            unsafe {
                (*recv).lend = None;
                (*recv).limit = 0;
                (*recv).flags = flags;
                (*recv).done = Some(callbacks::filled::<T>);
            }
            match buffer.room() {
                // SAFETY: The room is borrowed from the buffer, which stays as it is, where it is,
                // until the request is done: so does the room. `segment` stays as long.
                Room::Bytes(bytes) => unsafe {
                    bindings::sluice_recv_bytes(
                        recv,
                        segment.cast(),
                        bytes.as_mut_ptr().cast(),
                        bytes.len(),
                    )
                },
                Room::Page(page, offset, len) => {
                    let (offset, len) = in_page(offset, len)?;
                    // SAFETY: As above; the octets are within the page.
                    unsafe {
                        bindings::sluice_recv_page(recv, segment.cast(), page.as_ptr(), offset, len)
                    }
                }
            }
            // SAFETY: The request is complete, and stays until `filled` takes it.
            to_result(unsafe { bindings::sluice_recv(connection.session(), recv) })
        })
    }
}

/// Checks that a range is within a page.
fn in_page(offset: usize, len: usize) -> Result<(u32, u32)> {
    match offset.checked_add(len) {
        Some(end) if end <= kernel::page::PAGE_SIZE => Ok((offset.try_into()?, len.try_into()?)),
        _ => Err(EINVAL),
    }
}

impl<B> Deref for Request<B> {
    type Target = B;

    fn deref(&self) -> &B {
        &self.0.buffer
    }
}

impl<B> DerefMut for Request<B> {
    fn deref_mut(&mut self) -> &mut B {
        &mut self.0.buffer
    }
}

/// A request for what was decrypted, where it lies, that a connection has one of.
pub(super) struct Lending(Opaque<bindings::sluice_recv>);

impl Lending {
    /// Makes one that is used for sessions of type `T` alone.
    pub(super) fn new<T: SessionOps>() -> Self {
        Self(Opaque::new(bindings::sluice_recv {
            lend: Some(callbacks::lend::<T>),
            done: Some(callbacks::lent::<T>),
            ..Default::default()
        }))
    }

    pub(super) fn as_ptr(&self) -> NonNull<bindings::sluice_recv> {
        NonNull::from(&self.0).cast()
    }
}
