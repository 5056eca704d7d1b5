// SPDX-License-Identifier: GPL-2.0
// error: E0521 borrowed data escapes outside of associated function
//! lent data that is kept past its callback

use kernel::prelude::*;
use kernel::sync::Mutex;
use sluice::{Connection, Lent, SessionOps};

module! {
    type: Driver,
    name: "case",
    authors: ["The authors of Sluice"],
    description: "A driver that keeps what it was lent",
    license: "GPL",
}

/// It does nothing.
pub struct Driver;

impl kernel::Module for Driver {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        Ok(Self)
    }
}

/// What it keeps.
#[pin_data]
pub struct Keeper {
    #[pin]
    kept: Mutex<Option<&'static Lent<'static>>>,
}

// SAFETY: Only so that the mistake is the other one.
unsafe impl Send for Keeper {}
// SAFETY: As above.
unsafe impl Sync for Keeper {}

#[vtable]
impl SessionOps for Keeper {
    type Buffer = ();

    fn received(connection: &Connection<Self>, data: &Lent<'_>) -> usize {
        *connection.data().kept.lock() = Some(data); // wrong
                                                     //+ *connection.data().kept.lock() = None;
        data.len()
    }
}
