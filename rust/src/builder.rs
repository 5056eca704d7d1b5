// SPDX-License-Identifier: GPL-2.0

//! How a session is made.

use crate::ffi::{
    millis,
    Owner,
    Params, //
};
use crate::{
    bindings,
    Error,
    Handshake,
    ServerName,
    Session,
    SessionOps,
    Socket,
    TrafficSecret, //
};
use core::marker::PhantomData;
use core::num::NonZeroI32;
use core::ptr;
use kernel::prelude::*;
use kernel::time::Delta;

/// Serial number of a key or a keyring, as keyctl(1) shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeySerial(NonZeroI32);

impl KeySerial {
    /// Makes one of a number; 0, or a negative number, is no key's.
    pub fn new(serial: i32) -> Option<Self> {
        NonZeroI32::new(serial).filter(|n| n.get() > 0).map(Self)
    }

    /// The number.
    pub fn get(self) -> i32 {
        self.0.get()
    }
}

/// The most application protocols of a session.
const PROTOCOLS_MAX: usize = 8;

/// The role of the side that begins.
pub struct Client(());
/// The role of the side that was asked.
pub struct Server(());
/// No role: somebody else has done the handshake.
pub struct Established(());

/// How a session is to be, and how to come by it.
///
/// A client, a server, and a session whose handshake is done already have each what concerns them:
/// the type says which it is.
///
/// # Examples
///
/// A client that checks whom it talks to:
///
/// ```
/// use core::net::SocketAddr;
/// use kernel::time::Delta;
/// use sluice::{Error, ServerName, Session, SessionBuilder, SessionOps, Socket};
///
/// /// We wait, and so need no callbacks.
/// struct Quiet;
///
/// #[vtable]
/// impl SessionOps for Quiet {
///     type Buffer = ();
/// }
///
/// fn connect(to: SocketAddr, name: &ServerName) -> Result<Session<Quiet>, Error> {
///     let socket = Socket::connect(&to, Delta::from_secs(10))?;
///     SessionBuilder::client(name)
///         .timeout(Delta::from_secs(5))
///         .handshake(socket, Ok(Quiet))?
///         .wait()
/// }
/// ```
///
/// A server with a certificate from the keyring:
///
/// ```
/// use sluice::{Error, Handshake, KeySerial, SessionBuilder, Socket};
/// # use sluice::SessionOps;
/// # struct Quiet;
/// # #[vtable]
/// # impl SessionOps for Quiet {
/// #     type Buffer = ();
/// # }
///
/// fn accept(
///     socket: Socket,
///     certificate: KeySerial,
///     private_key: KeySerial,
/// ) -> Result<Handshake<Quiet>, Error> {
///     SessionBuilder::server()
///         .certificate(certificate, private_key)
///         .handshake(socket, Ok(Quiet))
/// }
/// ```
#[must_use = "a builder builds nothing by itself"]
pub struct SessionBuilder<Role> {
    params: Params,
    handshake: bindings::sluice_handshake,
    name: Option<ServerName>,
    protocols: [Option<&'static CStr>; PROTOCOLS_MAX],
    _role: PhantomData<Role>,
}

impl<Role> SessionBuilder<Role> {
    fn new(name: Option<ServerName>, server: bool) -> Self {
        Self {
            params: Params {
                flags: 0,
                engine: bindings::SLUICE_ENGINE_INLINE,
                send_limit: 0,
            },
            handshake: bindings::sluice_handshake {
                server,
                auth: if server {
                    bindings::sluice_auth_SLUICE_AUTH_X509
                } else {
                    bindings::sluice_auth_SLUICE_AUTH_ANON
                },
                ..Default::default()
            },
            name,
            protocols: [None; PROTOCOLS_MAX],
            _role: PhantomData,
        }
    }

    fn flag(mut self, flag: u32) -> Self {
        self.params.flags |= flag;
        self
    }

    /// Octets that may wait in the queue for sending; 1 MiB unless told.
    pub fn send_limit(mut self, octets: usize) -> Self {
        self.params.send_limit = octets;
        self
    }

    /// Lets idle CPUs encrypt the records of long bursts, too, where that is faster.
    pub fn spread(mut self) -> Self {
        self.params.engine = bindings::SLUICE_ENGINE_AUTO;
        self
    }

    /// Encrypts on the CPU that sends, instead of any that is idle.
    pub fn per_cpu(self) -> Self {
        self.flag(bindings::SLUICE_SESSION_PERCPU)
    }

    /// For a session that memory may be freed by way of, as for swap on a block device.
    pub fn reclaim(self) -> Self {
        self.flag(bindings::SLUICE_SESSION_RECLAIM)
    }

    /// Takes an end without close_notify for an end, and for no error.
    pub fn allow_truncation(self) -> Self {
        self.flag(bindings::SLUICE_SESSION_ALLOW_TRUNCATION)
    }

    fn owner<T: SessionOps>(
        &self,
        socket: Socket,
        data: impl PinInit<T, kernel::error::Error>,
    ) -> Result<Owner<T>, Error> {
        Ok(Owner::new(socket.into_raw(), &self.params, data)?)
    }

    fn begin<T: SessionOps>(
        mut self,
        socket: Socket,
        data: impl PinInit<T, kernel::error::Error>,
    ) -> Result<Handshake<T>, Error> {
        let owner = self.owner(socket, data)?;
        self.handshake.peer_name = match &self.name {
            Some(name) => name.as_cstr().as_char_ptr(),
            None => ptr::null(),
        };
        // One more, for the end of the list.
        let mut protocols = [ptr::null(); PROTOCOLS_MAX + 1];
        for (to, name) in protocols.iter_mut().zip(self.protocols.iter().flatten()) {
            *to = name.as_char_ptr();
        }
        if self.protocols[0].is_some() {
            self.handshake.alpn = protocols.as_ptr();
        }
        owner.raw().handshake(&self.handshake)?;
        Ok(Handshake::new(owner))
    }

    fn prove(mut self, certificate: Option<KeySerial>, private_key: KeySerial) -> Self {
        self.handshake.auth = bindings::sluice_auth_SLUICE_AUTH_X509;
        self.handshake.cert = certificate.map_or(0, |key| key.get());
        self.handshake.privkey = private_key.get();
        self
    }

    fn share(mut self, keys: &[KeySerial]) -> Result<Self> {
        let room = self.handshake.psk.get_mut(..keys.len()).ok_or(E2BIG)?;
        if keys.is_empty() {
            return Err(EINVAL);
        }
        for (to, from) in room.iter_mut().zip(keys) {
            *to = from.get();
        }
        self.handshake.auth = bindings::sluice_auth_SLUICE_AUTH_PSK;
        // CAST: No more than there is room for.
        self.handshake.num_psk = keys.len() as u32;
        Ok(self)
    }
}

/// What a client and a server have in common.
macro_rules! with_handshake {
    ($role:ty, $certificate:literal, $raw_key:literal, $psk:literal, $protocols:literal) => {
        impl SessionBuilder<$role> {
            #[doc = $certificate]
            pub fn certificate(self, certificate: KeySerial, private_key: KeySerial) -> Self {
                self.prove(Some(certificate), private_key)
            }

            #[doc = $raw_key]
            ///
            /// The raw public key of this private key (RFC 7250), and no certificate; the agent has to
            /// know of such: sluiced does.
            pub fn raw_key(self, private_key: KeySerial) -> Self {
                self.prove(None, private_key)
            }

            #[doc = $psk]
            ///
            /// Fails with [`EINVAL`] if there is none, and [`E2BIG`] if there are more than five.
            pub fn psk(self, keys: &[KeySerial]) -> Result<Self> {
                self.share(keys)
            }

            /// The keyring that all these keys are in, if the agent has no access to them yet.
            pub fn keyring(mut self, keyring: KeySerial) -> Self {
                self.handshake.keyring = keyring.get();
                self
            }

            #[doc = $protocols]
            ///
            /// They are for ALPN (RFC 7301), the preferred one first; what was chosen,
            /// [`Connection::protocol`](crate::Connection::protocol) says. tlshd can't choose.
            /// Fails with [`E2BIG`] if there are more than eight.
            /// [`handshake`](Self::handshake) fails with [`EINVAL`] if one has not 1 to 255 octets,
            /// or all together have more than 512, each counted with one more.
            pub fn protocols(mut self, names: &[&'static CStr]) -> Result<Self> {
                self.protocols = [None; PROTOCOLS_MAX];
                let room = self.protocols.get_mut(..names.len()).ok_or(E2BIG)?;
                for (to, name) in room.iter_mut().zip(names) {
                    *to = Some(*name);
                }
                Ok(self)
            }

            /// Time for the handshake; 15 s unless told.
            pub fn timeout(mut self, timeout: Delta) -> Self {
                self.handshake.timeout_ms = millis(timeout);
                self
            }

            /// Begins the handshake. The socket is the session's, also if that fails.
            ///
            /// `data` makes what [`Connection::data`](crate::Connection::data) will give; `Ok(value)` is
            /// enough for one that need not be pinned. Fails with
            /// [`EOPNOTSUPP`], not TCP; [`ENOTCONN`], not connected; [`ENOMEM`]. How the
            /// handshake itself ends, [`Handshake`] and [`SessionOps`] tell. May sleep.
            pub fn handshake<T: SessionOps>(
                self,
                socket: Socket,
                data: impl PinInit<T, kernel::error::Error>,
            ) -> Result<Handshake<T>, Error> {
                self.begin(socket, data)
            }
        }
    };
}

with_handshake!(
    Client,
    "The certificate, and its private key, to show if the server asks for one.",
    "The key to show if the server asks for one.",
    "Pre-shared keys to offer (RFC 9846, section 2.2), instead of checking a certificate.",
    "Application protocols to offer."
);
with_handshake!(
    Server,
    "The certificate, and its private key, to show instead of the agent's own.",
    "The key to show instead of the agent's own certificate.",
    "The pre-shared key to ask for (RFC 9846, section 2.2), instead of showing a certificate.",
    "Application protocols to choose from: a client that offers others only is refused."
);

impl SessionBuilder<Client> {
    /// A client, of a server that has to prove to be `name`.
    pub fn client(name: &ServerName) -> Self {
        Self::new(Some(name.clone()), false)
    }
}

impl SessionBuilder<Server> {
    /// A server.
    pub fn server() -> Self {
        Self::new(None, true)
    }
}

impl SessionBuilder<Established> {
    /// A session on a socket that was handed to the driver when the handshake was done.
    pub fn established() -> Self {
        Self::new(None, false)
    }

    /// Opens the session on a socket that SLUICE_ATTACH was used on, or that has kTLS's keys alone:
    /// then no key can be renewed.
    ///
    /// The socket is the session's, also if that fails: with [`EINVAL`], there are not keys for
    /// both directions; or [`EOPNOTSUPP`], not a cipher suite that is known. May sleep.
    pub fn adopt<T: SessionOps>(
        self,
        socket: Socket,
        data: impl PinInit<T, kernel::error::Error>,
    ) -> Result<Session<T>, Error> {
        let owner = self.owner(socket, data)?;
        owner.raw().adopt()?;
        Ok(Session::new(owner))
    }

    /// Opens the session on a socket that has kTLS's keys, and brings the traffic secrets that
    /// those come from.
    ///
    /// Fails with `EKEYREJECTED` if they do not; [`EINVAL`], the two are not of one suite; or as
    /// [`adopt`](Self::adopt). May sleep.
    pub fn attach<T: SessionOps>(
        self,
        socket: Socket,
        tx: &TrafficSecret,
        rx: &TrafficSecret,
        data: impl PinInit<T, kernel::error::Error>,
    ) -> Result<Session<T>, Error> {
        if tx.suite() != rx.suite() {
            return Err(EINVAL.into());
        }
        let owner = self.owner(socket, data)?;
        owner.raw().attach(tx, rx)?;
        Ok(Session::new(owner))
    }
}
