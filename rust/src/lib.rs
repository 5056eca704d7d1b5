// SPDX-License-Identifier: GPL-2.0

//! TLS sessions for drivers in Rust.
//!
//! C header: `include/linux/sluice.h`.

#![no_std]
// Those that the kernel allows to code outside of its own crates.
#![feature(arbitrary_self_types, asm_goto, generic_arg_infer, used_with_arg)]

mod bindings;
pub mod session;

/// What the `pr_*!` macros put in front, in code of this crate.
const __LOG_PREFIX: &[u8] = b"sluice\0";
