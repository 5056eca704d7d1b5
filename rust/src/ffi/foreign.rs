// SPDX-License-Identifier: GPL-2.0

//! Sessions that C keeps for a driver.

use super::{
    Connection,
    Owner, //
};
use crate::{
    Session,
    SessionOps, //
};
use core::ptr::NonNull;
use kernel::ffi::c_void;
use kernel::types::ForeignOwnable;

// SAFETY: The pointer is a connection's: never null, and aligned as one.
unsafe impl<T: SessionOps> ForeignOwnable for Session<T> {
    const FOREIGN_ALIGN: usize = core::mem::align_of::<Connection<T>>();
    type Borrowed<'a> = &'a Connection<T>;
    type BorrowedMut<'a> = &'a Connection<T>;

    fn into_foreign(self) -> *mut c_void {
        self.into_owner().into_raw().as_ptr().cast()
    }

    unsafe fn from_foreign(ptr: *mut c_void) -> Self {
        // SAFETY: The caller promises that `into_foreign` has returned it.
        Self::new(unsafe { Owner::from_raw(NonNull::new_unchecked(ptr.cast())) })
    }

    unsafe fn borrow<'a>(ptr: *mut c_void) -> &'a Connection<T> {
        // SAFETY: The caller promises that `into_foreign` has returned it, and that the session
        // stays for `'a`.
        unsafe { &*ptr.cast() }
    }

    unsafe fn borrow_mut<'a>(ptr: *mut c_void) -> &'a Connection<T> {
        // SAFETY: As above.
        unsafe { &*ptr.cast() }
    }
}
