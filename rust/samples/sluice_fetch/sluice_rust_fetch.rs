// SPDX-License-Identifier: GPL-2.0

//! Sample: a page from a server, over TLS, as a file.
//!
//! ```text
//! insmod sluice_rust_fetch.ko
//! exec 3<>/dev/sluice_fetch
//! echo "[2001:db8::1]:443 example.org /index.html" >&3
//! cat <&3
//! ```
//!
//! Whoever opens the device has a connection of their own. The driver waits, in the process that
//! reads or writes, and so has no callbacks.

use core::net::SocketAddr;
use kernel::fs::{
    File,
    Kiocb, //
};
use kernel::iov::{
    IovIterDest,
    IovIterSource, //
};
use kernel::miscdevice::{
    MiscDevice,
    MiscDeviceOptions,
    MiscDeviceRegistration, //
};
use kernel::new_mutex;
use kernel::prelude::*;
use kernel::sync::Mutex;
use kernel::time::Delta;
use sluice::{
    ServerName,
    Session,
    SessionBuilder,
    SessionOps,
    Socket, //
};

module! {
    type: FetchModule,
    name: "sluice_rust_fetch",
    authors: ["The authors of Sluice"],
    description: "Sample: a page from a server, over TLS, as a file",
    license: "GPL",
}

/// We wait, and so need no callbacks.
struct Quiet;

#[vtable]
impl SessionOps for Quiet {
    type Buffer = ();
}

/// Asks for the page that `line` names: "ADDRESS:PORT NAME PATH".
fn ask(line: &str) -> Result<Session<Quiet>> {
    let mut words = line.split_ascii_whitespace();
    let mut word = || words.next().ok_or(EINVAL);
    let to: SocketAddr = word()?.parse().map_err(|_| EINVAL)?;
    let name = ServerName::try_from(word()?)?;
    let path = word()?;

    let session = SessionBuilder::client(&name)
        .handshake(Socket::connect(&to, Delta::from_secs(10))?, Ok(Quiet))?
        .wait()?;
    for part in [
        "GET ",
        path,
        " HTTP/1.0\r\nHost: ",
        name.as_str(),
        "\r\n\r\n",
    ] {
        session.send(part.as_bytes())?;
    }
    Ok(session)
}

#[pin_data]
struct Fetch {
    #[pin]
    session: Mutex<Option<Session<Quiet>>>,
}

#[vtable]
impl MiscDevice for Fetch {
    type Ptr = Pin<KBox<Self>>;

    fn open(_file: &File, _misc: &MiscDeviceRegistration<Self>) -> Result<Self::Ptr> {
        KBox::pin_init(
            pin_init!(Fetch {
                session <- new_mutex!(None),
            }),
            GFP_KERNEL,
        )
    }

    fn write_iter(kiocb: Kiocb<'_, Self::Ptr>, iov: &mut IovIterSource<'_>) -> Result<usize> {
        let mut line = KVec::new();
        let len = iov.copy_from_iter_vec(&mut line, GFP_KERNEL)?;
        let session = ask(core::str::from_utf8(&line)?)?;
        *kiocb.file().session.lock() = Some(session);
        Ok(len)
    }

    fn read_iter(kiocb: Kiocb<'_, Self::Ptr>, iov: &mut IovIterDest<'_>) -> Result<usize> {
        let fetch = kiocb.file();
        let session = fetch.session.lock();
        let session = session.as_ref().ok_or(ENOTCONN)?;
        let mut room = KVec::from_elem(0, iov.len().min(16384), GFP_KERNEL)?;
        let len = session.recv(&mut room)?;
        Ok(iov.copy_to_iter(&room[..len]))
    }
}

#[pin_data]
struct FetchModule {
    #[pin]
    _device: MiscDeviceRegistration<Fetch>,
}

impl kernel::InPlaceModule for FetchModule {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        let options = MiscDeviceOptions {
            name: c"sluice_fetch",
        };
        try_pin_init!(Self {
            _device <- MiscDeviceRegistration::register(options),
        })
    }
}
