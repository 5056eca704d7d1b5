// SPDX-License-Identifier: GPL-2.0

//! Requests that a session did not take.

use crate::{
    Error,
    Request, //
};

/// A request that was not queued, and why.
///
/// # Examples
///
/// ```
/// use sluice::{Connection, Refused, Request, SessionOps};
///
/// /// Sends, or keeps for later what finds no room.
/// fn send<T: SessionOps<Buffer = KVec<u8>>>(
///     connection: &Connection<T>,
///     request: Request<KVec<u8>>,
/// ) -> Result<Option<Request<KVec<u8>>>> {
///     match connection.queue_send(request) {
///         Ok(()) => Ok(None),
///         Err(Refused { error, request }) if error.errno() == EAGAIN => Ok(Some(request)),
///         Err(refused) => Err(refused.into()),
///     }
/// }
/// ```
pub struct Refused<B> {
    /// Why.
    pub error: Error,
    /// The request, as it was.
    pub request: Request<B>,
}

impl<B> From<Refused<B>> for Error {
    fn from(refused: Refused<B>) -> Self {
        refused.error
    }
}

impl<B> From<Refused<B>> for kernel::error::Error {
    fn from(refused: Refused<B>) -> Self {
        refused.error.errno()
    }
}
