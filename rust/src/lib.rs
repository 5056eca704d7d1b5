// SPDX-License-Identifier: GPL-2.0

//! TLS sessions for drivers in Rust.
//!
//! C header: `include/linux/sluice.h`.


mod bindings;
pub mod session;

/// What the `pr_*!` macros put in front, in code of this crate.
const __LOG_PREFIX: &[u8] = b"sluice\0";
