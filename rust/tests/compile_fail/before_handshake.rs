// SPDX-License-Identifier: GPL-2.0
// error: E0599 no method named `send` found for struct `sluice::Handshake`
//! a session that is used before its handshake is done

use kernel::prelude::*;
use sluice::{Handshake, SessionOps};

/// Sends.
pub fn send<T: SessionOps>(handshake: Handshake<T>) -> Result {
    //+ let handshake = handshake.wait()?;
    handshake.send(b"too early")?; // wrong
                                   //+ handshake.send(b"in time")?;
    Ok(())
}
