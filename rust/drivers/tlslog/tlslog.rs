// SPDX-License-Identifier: GPL-2.0

//! The kernel's log, sent to a syslog server over TLS: RFC 5424 messages in RFC 5425's transport.
//!
//! ```text
//! modprobe tlslog server=192.0.2.1:6514 name=logs.example.org
//! ```
//!
//! `Documentation/tlslog.md` says what it does and what it can't do.

mod format;
mod link;
mod rate;
mod window;

use core::net::SocketAddr;
use kernel::prelude::*;
use kernel::sync::Arc;
use link::{
    Config,
    Shipper, //
};
use sluice::console::{
    self,
    Console, //
};
use sluice::queue::OwnedQueue;
use sluice::{
    KeySerial,
    ServerName, //
};

module! {
    type: TlsLog,
    name: "tlslog",
    authors: ["The authors of Sluice"],
    description: "The kernel's log, sent to a syslog server over TLS",
    license: "GPL",
    params: {
        cert: i32 {
            default: 0,
            description: "serial of the key with our certificate, if the server asks for one",
        },
        privkey: i32 {
            default: 0,
            description: "serial of the key with its private key",
        },
        keyring: i32 {
            default: 0,
            description: "serial of the keyring that both are in",
        },
        level: u8 {
            default: 7,
            description: "the least severe level that is sent, 0 to 7 (7)",
        },
        queue: u32 {
            default: 1024,
            description: "KiB of messages to keep, 16 to 65536 (1024)",
        },
    },
}

mod texts {
    use crate::LocalModule;

    sluice::text_param!(tlslog.server, "ADDRESS:PORT of the server, in figures");
    sluice::text_param!(
        tlslog.name,
        "what the server's certificate has to name (the address)"
    );
}

/// A parameter that is wrong, and why.
struct Wrong(&'static str, &'static str);

/// A serial, if it was given.
fn serial(value: i32, param: &'static str) -> Result<Option<KeySerial>, Wrong> {
    match KeySerial::new(value) {
        None if value != 0 => Err(Wrong(param, "not the serial of a key")),
        serial => Ok(serial),
    }
}

fn configure() -> Result<Config, Wrong> {
    let place = texts::server.value();
    if place.is_empty() {
        return Err(Wrong("server", "missing"));
    }
    let server: SocketAddr = place
        .parse()
        .map_err(|_| Wrong("server", "not ADDRESS:PORT, in figures"))?;
    let name = match texts::name.value() {
        "" => server.ip().into(),
        name => ServerName::try_from(name)
            .map_err(|_| Wrong("name", "neither a host's name nor an address"))?,
    };
    let level = module_parameters::level.value();
    if level > 7 {
        return Err(Wrong("level", "not from 0 to 7"));
    }
    let queue = module_parameters::queue.value() as usize;
    if !(16..=65536).contains(&queue) {
        return Err(Wrong("queue", "not from 16 to 65536"));
    }
    let cert = serial(module_parameters::cert.value(), "cert")?;
    let privkey = serial(module_parameters::privkey.value(), "privkey")?;
    if cert.is_some() != privkey.is_some() {
        return Err(Wrong(
            "cert",
            "a certificate and its private key go together",
        ));
    }
    Ok(Config {
        server,
        place,
        name,
        certificate: cert.zip(privkey),
        keyring: serial(module_parameters::keyring.value(), "keyring")?,
        level,
        queue: queue * 1024,
    })
}

struct TlsLog {
    console: Option<Console<Shipper>>,
    shipper: Arc<Shipper>,
    // Its end is that of the worker.
    _queue: OwnedQueue,
}

impl kernel::Module for TlsLog {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let config = configure().map_err(|Wrong(param, why)| {
            pr_err!("{}=: {}\n", param, why);
            EINVAL
        })?;
        if !console::shows(config.level) {
            pr_warn!("the console log level hides part of what level= asks for: see dmesg -n\n");
        }
        let shipper = Arc::pin_init(Shipper::new(config), GFP_KERNEL)?;
        let queue = OwnedQueue::new(c"tlslog")?;
        let worker = shipper.clone();
        let console = Console::register(c"tlslog", shipper.clone())?;
        queue.try_spawn(GFP_KERNEL, move || worker.run())?;
        Ok(Self {
            console: Some(console),
            shipper,
            _queue: queue,
        })
    }
}

impl Drop for TlsLog {
    fn drop(&mut self) {
        // First of all there is nothing more to send.
        self.console = None;
        self.shipper.stop();
    }
}
