// SPDX-License-Identifier: GPL-2.0

//! Sessions.

use crate::bindings;
use core::ptr::null_mut;
use kernel::{
    error::{
        from_err_ptr,
        to_result, //
    },
    prelude::*, //
};

/// A state of a session.
///
/// # Examples
///
/// ```
/// use sluice::session::State;
///
/// assert_eq!(State::try_from(99), Err(EINVAL));
/// assert_eq!(State::try_from(State::Open as u32)?, State::Open);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum State {
    /// Data can be sent and received.
    Open = bindings::sluice_session_state_SLUICE_SESSION_OPEN,
    /// It has ended with an error.
    Failed = bindings::sluice_session_state_SLUICE_SESSION_FAILED,
}

impl TryFrom<u32> for State {
    type Error = Error;

    fn try_from(value: u32) -> Result<Self> {
        match value {
            bindings::sluice_session_state_SLUICE_SESSION_OPEN => Ok(Self::Open),
            bindings::sluice_session_state_SLUICE_SESSION_FAILED => Ok(Self::Failed),
            _ => Err(EINVAL),
        }
    }
}

/// Tries a session on a socket that is not connected, which can't be had.
pub fn refused() -> Result {
    static OPS: bindings::sluice_session_ops = bindings::sluice_session_ops {
        state: None,
        writable: None,
    };
    let params = bindings::sluice_session_params {
        ops: &raw const OPS,
        ..Zeroable::zeroed()
    };
    let mut sock = null_mut();
    // SAFETY: `sock` is there for the call.
    to_result(unsafe {
        bindings::sluice_socket_create(kernel::bindings::AF_INET as i32, &raw mut sock)
    })?;
    // SAFETY: `sock` is a socket of ours, which the call takes; `params` is only read.
    let session = unsafe { bindings::sluice_session_create(sock, &raw const params) };
    let session = from_err_ptr(session)?;
    // SAFETY: The reference that the call has given.
    unsafe { bindings::sluice_session_put(session) };
    Ok(())
}

#[kunit_tests(sluice_rust_session)]
mod tests {
    use super::*;

    #[test]
    fn states() {
        assert_eq!(State::try_from(State::Failed as u32), Ok(State::Failed));
        assert!(State::try_from(1000).is_err());
    }

    #[test]
    fn unconnected() {
        assert!(refused().is_err());
    }
}
