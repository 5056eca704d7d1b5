// SPDX-License-Identifier: GPL-2.0

//! What the crate costs: the side of `count.c` that is in Rust.

use kernel::{
    error::{
        from_result,
        to_result, //
    },
    ffi::{
        c_int,
        c_void, //
    },
    prelude::*, //
};
use sluice::{
    Session,
    SessionBuilder,
    SessionOps,
    Socket, //
};

module! {
    type: Bench,
    name: "sluice_rust_bench",
    authors: ["The authors of Sluice"],
    description: "Counts what calls from C and from Rust cost",
    license: "GPL",
    params: {
        c_from: i32 {
            default: -1,
            description: "descriptor of the socket that C sends on",
        },
        c_to: i32 {
            default: -1,
            description: "and of its peer",
        },
        rust_from: i32 {
            default: -1,
            description: "descriptor of the socket that Rust sends on",
        },
        rust_to: i32 {
            default: -1,
            description: "and of its peer",
        },
    },
}

/// What `count.c` has of us.
type Turn = unsafe extern "C" fn(*mut c_void) -> c_int;

extern "C" {
    fn sluice_bench_run(from: c_int, to: c_int, turn: Turn, ends: *mut c_void) -> c_int;
}

struct Quiet;

#[vtable]
impl SessionOps for Quiet {
    type Buffer = ();
}

/// As `struct ends` of `count.c`.
struct Ends {
    from: Session<Quiet>,
    to: Session<Quiet>,
    data: KVec<u8>,
    room: KVec<u8>,
}

/// A record of the largest size.
const LEN: usize = 16384;

fn end(fd: i32) -> Result<Session<Quiet>> {
    let socket = Socket::from_fd(fd.try_into()?)?;
    Ok(SessionBuilder::established().adopt(socket, Ok(Quiet))?)
}

struct Bench;

impl kernel::Module for Bench {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let mut ends = Ends {
            from: end(module_parameters::rust_from.value())?,
            to: end(module_parameters::rust_to.value())?,
            data: KVec::from_elem(0, LEN, GFP_KERNEL)?,
            room: KVec::from_elem(0, LEN, GFP_KERNEL)?,
        };
        // SAFETY: `turn` takes `ends`, which stays until the call returns.
        to_result(unsafe {
            sluice_bench_run(
                module_parameters::c_from.value(),
                module_parameters::c_to.value(),
                turn,
                (&raw mut ends).cast(),
            )
        })?;
        Ok(Self)
    }
}

/// `turn()` of `count.c`.
///
/// # Safety
///
/// `ends` is an [`Ends`] that nobody else uses.
unsafe extern "C" fn turn(ends: *mut c_void) -> c_int {
    // SAFETY: By the function's contract.
    let ends = unsafe { &mut *ends.cast::<Ends>() };
    from_result(|| {
        ends.from.send(&ends.data)?;
        ends.to.recv_exact(&mut ends.room)?;
        Ok(0)
    })
}
