// SPDX-License-Identifier: GPL-2.0
// error: E0599 no method named `close` found for reference `&Connection<T>`
//! a callback that closes its own session, and so would wait for itself

use kernel::time::Delta;
use sluice::{Connection, SessionOps};

/// What a callback could call.
pub fn end<T: SessionOps>(connection: &Connection<T>) {
    let _ = connection.close(Delta::ZERO); // wrong
                                           //+ connection.shutdown();
}
