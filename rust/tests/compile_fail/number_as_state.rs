// SPDX-License-Identifier: GPL-2.0
// error: E0308 mismatched types
//! a number in the place of a state

use sluice::session::State;

/// What is wanted.
pub fn opened() -> State {
    //+ State::Open
    1 // wrong
}
