// SPDX-License-Identifier: GPL-2.0
// error: E0599 no method named `handshake` found for struct `SessionBuilder<Established>`
//! a handshake on a socket that has had one

use kernel::prelude::*;
use sluice::{SessionBuilder, SessionOps, Socket};

/// Once more.
pub fn again<T: SessionOps>(socket: Socket, data: T) -> Result {
    drop(SessionBuilder::established().handshake(socket, Ok(data))?); // wrong
                                                                      //+ drop(SessionBuilder::established().adopt(socket, Ok(data))?);
    Ok(())
}
