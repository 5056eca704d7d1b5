// SPDX-License-Identifier: GPL-2.0
// error: E0382 borrow of moved value: `request`
//! a buffer that is used after it was sent

use kernel::prelude::*;
use sluice::{Connection, Request, SessionOps};

/// Sends, and looks at what was sent.
pub fn send<T>(connection: &Connection<T>, mut request: Request<KVec<u8>>) -> Result
where
    T: SessionOps<Buffer = KVec<u8>>,
{
    request[0] = 1;
    connection.queue_send(request)?;
    request[0] = 2; // wrong
    Ok(())
}
