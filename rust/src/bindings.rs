// SPDX-License-Identifier: GPL-2.0

//! What bindgen makes of `linux/sluice.h` and of the helpers. Types of other headers are the
//! `kernel` crate's, so that its abstractions and ours agree on them.

#![allow(
    clippy::all,
    clippy::ptr_as_ptr,
    clippy::ref_as_ptr,
    clippy::undocumented_unsafe_blocks,
    dead_code,
    improper_ctypes,
    missing_docs,
    non_camel_case_types,
    non_snake_case,
    non_upper_case_globals,
    unreachable_pub,
    unsafe_op_in_unsafe_fn
)]

use kernel::{
    bindings::*,
    ffi, //
};
use pin_init::MaybeZeroable;

include!(env!("SLUICE_BINDINGS"));
