// SPDX-License-Identifier: GPL-2.0

//! TLS 1.3 sessions for drivers.
//!
//! A driver makes a [`Socket`], has a [`SessionBuilder`] begin the handshake on it, and gets a
//! [`Session`]. Keys, records, KeyUpdates, tickets, alerts and the orderly end are the session's
//! business; the driver sees octets, and an [`Error`] that says what ended them.
//!
//! There are two ways to work, which can be mixed:
//!
//! - by waiting, in a worker of the driver's: [`Session::send`], [`Session::recv`],
//!   [`Session::close`];
//! - by callbacks, from any context: [`Connection::queue_send`] and what
//!   [`SessionOps`] tells of.
//!
//! What the C side leaves to a driver's care is the compiler's here: a session can't be used before
//! its handshake is done, nor a buffer while it is being sent; lent data can't be kept, and a
//! callback can't wait for its own session. A driver needs no `unsafe`.
//!
//! # Examples
//!
//! A driver that asks a server, in full:
//!
//! ```
//! use core::net::SocketAddr;
//! use kernel::time::Delta;
//! use sluice::{ServerName, SessionBuilder, SessionOps, Socket};
//!
//! /// We wait, and so need no callbacks.
//! struct Asker;
//!
//! #[vtable]
//! impl SessionOps for Asker {
//!     type Buffer = ();
//! }
//!
//! fn ask(answer: &mut [u8]) -> Result<usize> {
//!     let to: SocketAddr = "192.0.2.1:443".parse().map_err(|_| EINVAL)?;
//!     let name = ServerName::try_from("example.org")?;
//!
//!     let session = SessionBuilder::client(&name)
//!         .handshake(Socket::connect(&to, Delta::from_secs(5))?, Ok(Asker))?
//!         .wait()?;
//!     session.send(b"GET / HTTP/1.0\r\n\r\n")?;
//!     let len = session.recv(answer)?;
//!     session.close(Delta::from_secs(1))?;
//!     Ok(len)
//! }
//! ```
//!
//! C header: `include/linux/sluice.h`; `Documentation/driver-face.md` has the whole picture.

#![no_std]
// Those that the kernel allows to code outside of its own crates.
#![feature(arbitrary_self_types, asm_goto, generic_arg_infer, used_with_arg)]

mod bindings;
mod buffer;
mod builder;
pub mod completion;
pub mod console;
mod error;
mod ffi;
mod info;
mod name;
mod ops;
pub mod param;
pub mod queue;
mod refused;
mod secret;
mod session;
mod socket;
mod tls;

#[cfg(all(CONFIG_KUNIT, not(MODULE)))]
mod tests;
#[cfg(all(CONFIG_KUNIT, not(MODULE)))]
use tests::LocalModule;

pub use buffer::{
    Block,
    RecvBuffer,
    SendBuffer, //
};
pub use builder::{
    Client,
    Established,
    KeySerial,
    Server,
    SessionBuilder, //
};
pub use error::Error;
pub use ffi::{
    Connection,
    Data,
    Lent,
    Request,
    Room, //
};
pub use info::{
    Info,
    SessionState, //
};
pub use name::ServerName;
pub use ops::SessionOps;
pub use refused::Refused;
pub use secret::TrafficSecret;
pub use session::{
    Handshake,
    Session, //
};
pub use socket::{
    Listener,
    Socket, //
};
pub use tls::{
    Alert,
    CipherSuite,
    KeyUpdate,
    RecordType, //
};

/// For examples that need a network.
#[doc(hidden)]
#[cfg(all(CONFIG_KUNIT, not(MODULE)))]
pub fn test_loopback() -> kernel::error::Result {
    ffi::test_loopback()
}

/// What the `pr_*!` macros put in front, in code of this crate.
const __LOG_PREFIX: &[u8] = b"sluice\0";
