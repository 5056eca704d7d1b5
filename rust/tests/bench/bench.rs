// SPDX-License-Identifier: GPL-2.0

//! What the crate costs: the side of `count.c` that is in Rust.

use core::net::{
    Ipv4Addr,
    SocketAddr, //
};
use kernel::{
    error::{
        from_result,
        to_result, //
    },
    ffi::c_int,
    prelude::*,
    time::Delta, //
};
use sluice::Socket;

module! {
    type: Bench,
    name: "sluice_rust_bench",
    authors: ["The authors of Sluice"],
    description: "Counts what calls from C and from Rust cost",
    license: "GPL",
}

extern "C" {
    fn sluice_bench_run() -> c_int;
}

struct Bench;

impl kernel::Module for Bench {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        // SAFETY: It can be called at any time, by one at a time.
        to_result(unsafe { sluice_bench_run() })?;
        Ok(Self)
    }
}

/// `refused()` of `count.c`.
#[no_mangle]
pub extern "C" fn sluice_bench_rust_refused() -> c_int {
    let nobody = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 1);
    from_result(|| match Socket::connect(&nobody, Delta::from_secs(1)) {
        Err(ECONNREFUSED) => Ok(0),
        _ => Err(EPROTO),
    })
}
