// SPDX-License-Identifier: GPL-2.0
// error: E0599 no method named `clone` found for struct `Session<T>`
//! a session with two owners

use sluice::{Session, SessionOps};

/// A callback that did so would keep its session alive.
pub fn twice<T: SessionOps>(session: Session<T>) {
    drop(session.clone()); // wrong
                           //+ let _ = session.state();
}
