// SPDX-License-Identifier: GPL-2.0
// error: E0277 `TrafficSecret` doesn't implement `Debug`
//! a secret in the kernel's log

use kernel::prelude::*;
use sluice::TrafficSecret;

/// Tells everybody.
pub fn tell(secret: &TrafficSecret) {
    let _ = kernel::prelude::fmt!("{:?}", secret); // wrong
                                                   //+ let _ = kernel::prelude::fmt!("{:?}", secret.suite());
}
