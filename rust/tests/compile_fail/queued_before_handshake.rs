// SPDX-License-Identifier: GPL-2.0
// error: E0599 no method named `queue_send` found for reference `&sluice::Handshake<T>`
//! a request that is queued before the handshake is done

use kernel::prelude::*;
use sluice::{Handshake, Request, SessionOps};

/// Sends.
pub fn send<T>(handshake: &Handshake<T>, request: Request<KVec<u8>>)
where
    T: SessionOps<Buffer = KVec<u8>>,
{
    drop(handshake.queue_send(request)); // wrong
                                         //+ drop((handshake, request));
}
