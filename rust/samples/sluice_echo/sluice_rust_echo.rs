// SPDX-License-Identifier: GPL-2.0

//! Sample: an echo service over TLS, in the kernel (RFC 862, with TLS).
//!
//! ```text
//! insmod sluice_rust_echo.ko port=7777 cert=SERIAL privkey=SERIAL
//! ```
//!
//! Without a key the agent uses its own, and without a certificate the key is shown as it is
//! (RFC 7250). Everything is asynchronous: one buffer goes round
//! between [`Connection::queue_recv`] and [`Connection::queue_send`], and a session
//! that has ended is dropped on a queue of ours, since a callback can't do that.

use core::net::{
    Ipv6Addr,
    SocketAddr, //
};
use kernel::new_mutex;
use kernel::prelude::*;
use kernel::sync::{
    Arc,
    Mutex, //
};
use sluice::queue::OwnedQueue;
use sluice::{
    Block,
    Connection,
    Error,
    Handshake,
    KeySerial,
    Listener,
    Request,
    SessionBuilder,
    SessionOps,
    SessionState,
    Socket, //
};

module! {
    type: EchoModule,
    name: "sluice_rust_echo",
    authors: ["The authors of Sluice"],
    description: "Sample: an echo service over TLS",
    license: "GPL",
    params: {
        port: u16 {
            default: 7777,
            description: "TCP port",
        },
        cert: i32 {
            default: 0,
            description: "serial of the key with the certificate",
        },
        privkey: i32 {
            default: 0,
            description: "serial of the key with the private key; without cert, a raw public key",
        },
    },
}

/// The most that a record carries.
const BLOCK: usize = 16384;

/// What we keep with each connection: nothing.
struct Echo;

impl Echo {
    fn receive(connection: &Connection<Self>, request: Request<Block>) {
        // A session that takes no more is at its end, and says so to `closed`.
        let _ = connection.queue_recv(request);
    }
}

#[vtable]
impl SessionOps for Echo {
    type Buffer = Block;

    fn opened(connection: &Connection<Self>) {
        match Block::new(BLOCK, GFP_KERNEL).and_then(|block| Request::new(block, GFP_KERNEL)) {
            Ok(request) => Self::receive(connection, request),
            Err(_) => connection.shutdown(),
        }
    }

    fn filled(
        connection: &Connection<Self>,
        request: Request<Block>,
        result: Result<usize, Error>,
    ) {
        match result {
            // The peer has said close_notify: so do we.
            Ok(0) => connection.shutdown(),
            Ok(_) => {
                let _ = connection.queue_send(request);
            }
            Err(_) => {}
        }
    }

    fn sent(connection: &Connection<Self>, request: Request<Block>, result: Result<(), Error>) {
        if result.is_ok() {
            Self::receive(connection, request);
        }
    }

    fn closed(_connection: &Connection<Self>, result: Result<(), Error>) {
        if let Err(error) = result {
            pr_info!("a connection ended with {:?}\n", error);
        }
    }
}

/// The listener and its connections.
#[pin_data]
struct Service {
    listener: Listener,
    #[pin]
    connections: Mutex<KVec<Handshake<Echo>>>,
}

impl Service {
    fn start(&self, socket: Socket) -> Result<(), Error> {
        let mut builder = SessionBuilder::server();
        let cert = KeySerial::new(module_parameters::cert.value());
        if let Some(privkey) = KeySerial::new(module_parameters::privkey.value()) {
            builder = match cert {
                Some(cert) => builder.certificate(cert, privkey),
                None => builder.raw_key(privkey),
            };
        }
        let handshake = builder.handshake(socket, Ok(Echo))?;

        let mut connections = self.connections.lock();
        // Those that have ended go when others come.
        connections.retain(|c| c.state() < SessionState::Closed);
        connections.push(handshake, GFP_KERNEL)?;
        Ok(())
    }

    fn accept(&self) {
        loop {
            match self.listener.accept() {
                Ok(socket) => {
                    if let Err(error) = self.start(socket) {
                        pr_info!("no connection: {:?}\n", error);
                    }
                }
                // The module goes.
                Err(EINVAL) => break,
                Err(error) => pr_info!("accept: {:?}\n", error),
            }
        }
    }
}

struct EchoModule {
    service: Arc<Service>,
    // Behind `service`, as its worker waits there.
    _queue: OwnedQueue,
}

impl kernel::Module for EchoModule {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let at = SocketAddr::new(
            Ipv6Addr::UNSPECIFIED.into(),
            module_parameters::port.value(),
        );
        let listener = Listener::bind(&at)?;
        let service = Arc::pin_init(
            pin_init!(Service {
                listener,
                connections <- new_mutex!(KVec::new()),
            }),
            GFP_KERNEL,
        )?;
        let queue = OwnedQueue::new(c"sluice_rust_echo")?;
        let theirs = service.clone();
        queue.try_spawn(GFP_KERNEL, move || theirs.accept())?;
        Ok(Self {
            service,
            _queue: queue,
        })
    }
}

impl Drop for EchoModule {
    fn drop(&mut self) {
        self.service.listener.shutdown();
    }
}
