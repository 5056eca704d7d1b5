// SPDX-License-Identifier: GPL-2.0

//! What ended a session.

use crate::Alert;
use kernel::prelude::*;

/// Why something was not done, with the alert that said so or that we had to send.
///
/// It converts to the kernel's [`Error`](kernel::error::Error), so that `?` works in a driver's own
/// functions.
///
/// What each error means is said where it is returned; those that end a session are
/// `sluice_session_error()`'s: [`ECONNRESET`] for a connection that TCP has ended without
/// close_notify, [`ECONNABORTED`] for the peer's fatal alert, [`EBADMSG`] for a record that did not
/// authenticate, [`EPROTO`] and [`EMSGSIZE`] for a peer that broke the protocol, `EKEYEXPIRED` for a
/// key that nobody could renew, and what the handshake's agent or TCP has said.
///
/// # Examples
///
/// ```
/// use sluice::{Alert, Error};
///
/// fn report(error: &Error) {
///     match error.alert_received() {
///         Some(Alert::CertificateRequired) => pr_err!("the server wants a certificate\n"),
///         Some(alert) => pr_err!("the peer said {:?}\n", alert),
///         None => pr_err!("no connection: {:?}\n", error),
///     }
/// }
/// # report(&EIO.into());
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Error {
    errno: kernel::error::Error,
    received: Option<Alert>,
    sent: Option<Alert>,
}

impl Error {
    /// An error of a session that has seen these alerts.
    pub(crate) fn new(
        errno: kernel::error::Error,
        received: Option<Alert>,
        sent: Option<Alert>,
    ) -> Self {
        Self {
            errno,
            received: received.filter(|alert| alert.is_fatal()),
            sent: sent.filter(|alert| alert.is_fatal()),
        }
    }

    /// The kernel's error.
    pub fn errno(&self) -> kernel::error::Error {
        self.errno
    }

    /// The fatal alert that the peer has sent.
    pub fn alert_received(&self) -> Option<Alert> {
        self.received
    }

    /// The fatal alert that the peer was sent.
    pub fn alert_sent(&self) -> Option<Alert> {
        self.sent
    }
}

impl core::fmt::Debug for Error {
    /// As "ECONNABORTED, received UnknownCa".
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.errno.fmt(f)?;
        if let Some(alert) = self.received {
            write!(f, ", received {alert:?}")?;
        }
        if let Some(alert) = self.sent {
            write!(f, ", sent {alert:?}")?;
        }
        Ok(())
    }
}

impl From<kernel::error::Error> for Error {
    fn from(errno: kernel::error::Error) -> Self {
        Self::new(errno, None, None)
    }
}

impl From<Error> for kernel::error::Error {
    fn from(error: Error) -> Self {
        error.errno
    }
}

impl From<kernel::alloc::AllocError> for Error {
    fn from(_: kernel::alloc::AllocError) -> Self {
        ENOMEM.into()
    }
}

#[cfg(not(MODULE))]
#[kunit_tests(sluice_rust_error)]
mod tests {
    use super::*;

    #[test]
    fn errors_print_their_alerts() -> Result {
        let error = Error::new(ECONNABORTED, Some(Alert::UnknownCa), None);
        let text = kernel::str::CString::try_from_fmt(fmt!("{error:?}"))?;
        assert_eq!(text.to_bytes(), b"ECONNABORTED, received UnknownCa");
        // The orderly end is no error.
        let error = Error::new(EPIPE, Some(Alert::CloseNotify), Some(Alert::CloseNotify));
        assert_eq!(error, EPIPE.into());
        Ok(())
    }
}
