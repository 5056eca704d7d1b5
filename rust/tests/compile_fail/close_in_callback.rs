// SPDX-License-Identifier: GPL-2.0
// error: E0599 no method named `close` found for reference `&Connection<T>`
//! a callback that closes its own session, and so would wait for itself

use kernel::prelude::*;
use sluice::{Connection, SessionOps};

/// What a callback could call.
pub fn end<T: SessionOps>(connection: &Connection<T>) {
    let _ = connection.close(1000); // wrong
                                    //+ connection.shutdown();
}
