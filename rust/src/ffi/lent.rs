// SPDX-License-Identifier: GPL-2.0

//! Data that is lent where it was decrypted.
//!
//! C header: [`include/linux/skbuff.h`](srctree/include/linux/skbuff.h)

use crate::bindings;
use core::marker::PhantomData;
use core::ptr::NonNull;
use kernel::ffi::c_void;
use kernel::prelude::*;

/// Data from the peer, in the kernel's own buffers, for the time of one call of
/// [`SessionOps::received`](crate::SessionOps::received).
///
/// # Invariants
///
/// `skb` has at least `len` octets at `offset`, and stays as it is while the value exists: its
/// lifetime is that of the callback.
pub struct Lent<'a> {
    skb: NonNull<kernel::bindings::sk_buff>,
    offset: u32,
    len: u32,
    _callback: PhantomData<&'a [u8]>,
}

impl<'a> Lent<'a> {
    /// # Safety
    ///
    /// For the lifetime `'a`, `skb` has `len` octets at `offset` and is not changed.
    pub(super) unsafe fn new(
        skb: NonNull<kernel::bindings::sk_buff>,
        offset: u32,
        len: u32,
    ) -> Self {
        // INVARIANT: The caller has promised it.
        Self {
            skb,
            offset,
            len,
            _callback: PhantomData,
        }
    }

    /// How many octets there are; not 0.
    pub fn len(&self) -> usize {
        self.len as usize
    }

    /// Never: no data is not lent.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Copies what is at `offset`, as much as fits; returns the octets.
    pub fn copy_to(&self, offset: usize, to: &mut [u8]) -> usize {
        let n = self.len().saturating_sub(offset).min(to.len());
        if n == 0 {
            return 0;
        }
        // CAST: `offset + n` is at most `len`, and no `skb` has more than an `int` can say.
        let (offset, len) = (self.offset as i32 + offset as i32, n as i32);
        // SAFETY: By the type's invariants the octets are there; `to` has room for `n`.
        let rc = unsafe {
            bindings::sluice_skb_copy(self.skb.as_ptr(), offset, to.as_mut_ptr().cast(), len)
        };
        if rc == 0 {
            n
        } else {
            0
        }
    }

    /// Calls `f` with each piece of it, in order, where it lies.
    ///
    /// `f` must not sleep: a page of high memory may be mapped for it.
    pub fn for_each_chunk<F: FnMut(&[u8])>(&self, mut f: F) {
        /// # Safety
        ///
        /// `data` is an `F` that nobody else uses; `from` has `len` octets.
        unsafe extern "C" fn chunk<F: FnMut(&[u8])>(
            data: *mut c_void,
            from: *const u8,
            len: usize,
        ) {
            // SAFETY: `data` is the `f` of the call below, which nobody else uses meanwhile.
            let f = unsafe { &mut *data.cast::<F>() };
            // SAFETY: The helper calls with `len` octets that are there until we return.
            f(unsafe { core::slice::from_raw_parts(from, len) });
        }
        // SAFETY: By the type's invariants the octets are there; `chunk` takes `f` as data.
        unsafe {
            bindings::sluice_skb_walk(
                self.skb.as_ptr(),
                self.offset,
                self.len,
                Some(chunk::<F>),
                (&raw mut f).cast(),
            )
        };
    }

    /// Appends all of it to `to`.
    pub fn append_to(&self, to: &mut KVec<u8>, flags: kernel::alloc::Flags) -> Result {
        to.reserve(self.len(), flags)?;
        // There is room: nothing is allocated in the walk.
        let mut result = Ok(());
        self.for_each_chunk(|chunk| {
            if result.is_ok() {
                result = to.extend_from_slice(chunk, flags);
            }
        });
        result.map_err(Into::into)
    }
}
