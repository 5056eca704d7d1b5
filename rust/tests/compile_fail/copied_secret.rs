// SPDX-License-Identifier: GPL-2.0
// error: E0599 no method named `clone` found for struct `TrafficSecret`
//! a copy of a secret

use kernel::prelude::*;
use sluice::TrafficSecret;

/// Has two of it.
pub fn twice(secret: TrafficSecret) {
    drop(secret.clone()); // wrong
                          //+ let _ = secret.suite();
}
