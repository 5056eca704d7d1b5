// SPDX-License-Identifier: GPL-2.0
// error: E0603 module `bindings` is private
//! a driver that calls C by itself

use sluice::bindings; // wrong
