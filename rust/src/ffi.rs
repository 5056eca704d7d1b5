// SPDX-License-Identifier: GPL-2.0

//! Where the crate meets C: all of its unsafe code is in here, but for what could go to the kernel
//! crate as it is ([`completion`](crate::completion), [`console`](crate::console),
//! [`param`](crate::param), [`queue`](crate::queue)).
//!
//! What these modules offer to the rest of the crate is safe to call.

use kernel::time::Delta;

mod callbacks;
mod connection;
mod foreign;
mod lent;
mod request;
mod session;
mod socket;

pub use connection::Connection;
pub(crate) use connection::Owner;
pub use lent::Lent;
pub use request::{
    Data,
    Request,
    Room, //
};
pub(crate) use session::Params;
pub(crate) use socket::RawSocket;
#[cfg(all(CONFIG_KUNIT, not(MODULE)))]
pub(crate) use socket::{
    test_file,
    test_keys,
    test_loopback, //
};

/// A span of time as C takes it, in milliseconds; at most what that can say, and at least 0.
pub(crate) fn millis(span: Delta) -> u32 {
    // CAST: It was brought into the range.
    span.as_millis_ceil().clamp(0, i64::from(u32::MAX)) as u32
}

/// Overwrites a secret, also where the compiler thinks that nobody looks.
pub(crate) fn wipe(octets: &mut [u8]) {
    for octet in octets {
        // SAFETY: The octet is ours to write. A volatile write can't be left out.
        unsafe { core::ptr::write_volatile(octet, 0) };
    }
}
