// SPDX-License-Identifier: GPL-2.0
// error: E0277 cannot be sent between threads safely
//! callbacks on data that is one thread's

use kernel::prelude::*;
use sluice::SessionOps;

module! {
    type: Driver,
    name: "case",
    authors: ["The authors of Sluice"],
    description: "A driver whose data is one thread's",
    license: "GPL",
}

/// It does nothing.
pub struct Driver;

impl kernel::Module for Driver {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        Ok(Self)
    }
}

/// What the driver has.
pub struct Local {
    /// Somebody else's.
    pub pointer: *mut u8, // wrong
                          //+ pub number: u8,
}

#[vtable]
impl SessionOps for Local {
    type Buffer = ();
}
