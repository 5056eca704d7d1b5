// SPDX-License-Identifier: MIT
//! rustls with aws-lc-rs, as `bench.h` wants a library.
//!
//! This is its buffered interface, the one that most programs use. Whatever
//! goes wrong panics, and a panic aborts: there is no figure then.

use std::ffi::{c_char, c_int, c_void, CStr};
use std::io::{ErrorKind, Read, Write};
use std::path::PathBuf;
use std::sync::Arc;

use rustls::client::{ClientSessionMemoryCache, Resumption};
use rustls::crypto::{aws_lc_rs, CryptoProvider};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::version::TLS13;
use rustls::{
    ClientConfig, ClientConnection, Connection, HandshakeKind, RootCertStore, ServerConfig,
    ServerConnection,
};

/// `struct buffer`
#[repr(C)]
pub struct Buffer {
    data: [u8; 65536],
    start: usize,
    end: usize,
}

impl Read for Buffer {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let len = (&self.data[self.start..self.end]).read(out)?;
        self.start += len;
        Ok(len)
    }
}

impl Write for Buffer {
    fn write(&mut self, data: &[u8]) -> std::io::Result<usize> {
        let len = (&mut self.data[self.end..]).write(data)?;
        self.end += len;
        Ok(len)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// `struct scenario`
#[repr(C)]
pub struct Scenario {
    name: *const c_char,
    key: *const c_char,
    hybrid: bool,
    mutual: bool,
    resumed: bool,
}

/// `struct library`
#[repr(C)]
pub struct Library {
    name: *const c_char,
    context: unsafe extern "C" fn(*const Scenario, bool, *const c_char) -> *mut c_void,
    context_free: unsafe extern "C" fn(*mut c_void),
    connection: unsafe extern "C" fn(*mut c_void) -> *mut c_void,
    handshake: unsafe extern "C" fn(*mut c_void, *mut Buffer, *mut Buffer) -> c_int,
    seal: unsafe extern "C" fn(*mut c_void, *const u8, usize, *mut Buffer),
    open: unsafe extern "C" fn(*mut c_void, *mut Buffer) -> usize,
    resumed: unsafe extern "C" fn(*mut c_void) -> bool,
    connection_free: unsafe extern "C" fn(*mut c_void),
}

// SAFETY: Its one pointer is to a constant string.
unsafe impl Sync for Library {}

enum Context {
    Client(Arc<ClientConfig>),
    Server(Arc<ServerConfig>),
}

struct Files {
    folder: String,
    key: String,
}

impl Files {
    fn path(&self, what: &str) -> PathBuf {
        format!("{}/{}-{}.pem", self.folder, self.key, what).into()
    }

    fn chain(&self) -> Vec<CertificateDer<'static>> {
        let certificates = CertificateDer::pem_file_iter(self.path("cert")).unwrap();
        certificates.map(Result::unwrap).collect()
    }

    fn key(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::from_pem_file(self.path("key")).unwrap()
    }

    fn roots(&self) -> Arc<RootCertStore> {
        let mut roots = RootCertStore::empty();
        let authority = CertificateDer::from_pem_file(self.path("ca")).unwrap();
        roots.add(authority).unwrap();
        Arc::new(roots)
    }
}

fn provider(hybrid: bool) -> Arc<CryptoProvider> {
    let group = if hybrid {
        aws_lc_rs::kx_group::X25519MLKEM768
    } else {
        aws_lc_rs::kx_group::X25519
    };
    Arc::new(CryptoProvider {
        cipher_suites: vec![aws_lc_rs::cipher_suite::TLS13_AES_256_GCM_SHA384],
        kx_groups: vec![group],
        ..aws_lc_rs::default_provider()
    })
}

fn client(scenario: &Scenario, files: &Files) -> ClientConfig {
    let config = ClientConfig::builder_with_provider(provider(scenario.hybrid))
        .with_protocol_versions(&[&TLS13])
        .unwrap()
        .with_root_certificates(files.roots());
    let mut config = if scenario.mutual {
        config
            .with_client_auth_cert(files.chain(), files.key())
            .unwrap()
    } else {
        config.with_no_client_auth()
    };
    config.resumption = if scenario.resumed {
        Resumption::store(Arc::new(ClientSessionMemoryCache::new(1)))
    } else {
        Resumption::disabled()
    };
    config
}

fn server(scenario: &Scenario, files: &Files) -> ServerConfig {
    let provider = provider(scenario.hybrid);
    let config = ServerConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(&[&TLS13])
        .unwrap();
    let config = if scenario.mutual {
        let verifier = WebPkiClientVerifier::builder_with_provider(files.roots(), provider);
        config.with_client_cert_verifier(verifier.build().unwrap())
    } else {
        config.with_no_client_auth()
    };
    let mut config = config.with_single_cert(files.chain(), files.key()).unwrap();
    config.session_storage = Arc::new(NoServerSessionStorage {});
    if scenario.resumed {
        config.ticketer = aws_lc_rs::Ticketer::new().unwrap();
        config.send_tls13_tickets = 1;
    } else {
        config.send_tls13_tickets = 0;
    }
    config
}

/// # Safety
///
/// `scenario` and its strings, and `folder`, are what they are in C.
unsafe extern "C" fn context(
    scenario: *const Scenario,
    is_server: bool,
    folder: *const c_char,
) -> *mut c_void {
    // SAFETY: The caller gives a scenario.
    let scenario = unsafe { &*scenario };
    // SAFETY: And two strings.
    let (folder, key) = unsafe { (CStr::from_ptr(folder), CStr::from_ptr(scenario.key)) };
    let files = Files {
        folder: folder.to_str().unwrap().into(),
        key: key.to_str().unwrap().into(),
    };
    let context = if is_server {
        Context::Server(Arc::new(server(scenario, &files)))
    } else {
        Context::Client(Arc::new(client(scenario, &files)))
    };
    Box::into_raw(Box::new(context)).cast()
}

/// # Safety
///
/// `context` is from [`context`], and not used again.
unsafe extern "C" fn context_free(context: *mut c_void) {
    // SAFETY: It was made by Box::into_raw().
    drop(unsafe { Box::from_raw(context.cast::<Context>()) });
}

/// # Safety
///
/// `context` is from [`context`].
unsafe extern "C" fn connection(context: *mut c_void) -> *mut c_void {
    // SAFETY: It points to one.
    let conn: Connection = match unsafe { &*context.cast::<Context>() } {
        Context::Client(config) => {
            let name = ServerName::try_from("localhost").unwrap();
            ClientConnection::new(config.clone(), name).unwrap().into()
        }
        Context::Server(config) => ServerConnection::new(config.clone()).unwrap().into(),
    };
    Box::into_raw(Box::new(conn)).cast()
}

/// What has come, to the last octet; how much of it was data.
fn take(conn: &mut Connection, input: &mut Buffer) -> usize {
    let mut data = [0; 16384];
    let mut got = 0;
    while input.start < input.end {
        conn.read_tls(input).unwrap();
        conn.process_new_packets().unwrap();
        loop {
            match conn.reader().read(&mut data) {
                Ok(len) => got += len,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => panic!("{error}"),
            }
        }
    }
    got
}

fn give(conn: &mut Connection, output: &mut Buffer) {
    while conn.wants_write() {
        conn.write_tls(output).unwrap();
    }
}

/// # Safety
///
/// `conn` is from [`connection`], the buffers are two.
unsafe extern "C" fn handshake(
    conn: *mut c_void,
    input: *mut Buffer,
    output: *mut Buffer,
) -> c_int {
    // SAFETY: The caller says so, and keeps none of them meanwhile.
    let (conn, input, output) =
        unsafe { (&mut *conn.cast::<Connection>(), &mut *input, &mut *output) };
    take(conn, input);
    give(conn, output);
    (!conn.is_handshaking()).into()
}

/// # Safety
///
/// `conn` is from [`connection`]; there are `len` octets at `data`.
unsafe extern "C" fn seal(conn: *mut c_void, data: *const u8, len: usize, output: *mut Buffer) {
    // SAFETY: The caller says so, and keeps none of them meanwhile.
    let (conn, output) = unsafe { (&mut *conn.cast::<Connection>(), &mut *output) };
    // SAFETY: They are there.
    let data = unsafe { std::slice::from_raw_parts(data, len) };
    conn.writer().write_all(data).unwrap();
    give(conn, output);
}

/// # Safety
///
/// `conn` is from [`connection`].
unsafe extern "C" fn open(conn: *mut c_void, input: *mut Buffer) -> usize {
    // SAFETY: The caller says so, and keeps none of them meanwhile.
    let (conn, input) = unsafe { (&mut *conn.cast::<Connection>(), &mut *input) };
    take(conn, input)
}

/// # Safety
///
/// `conn` is from [`connection`].
unsafe extern "C" fn resumed(conn: *mut c_void) -> bool {
    // SAFETY: It points to one.
    let conn = unsafe { &*conn.cast::<Connection>() };
    conn.handshake_kind() == Some(HandshakeKind::Resumed)
}

/// # Safety
///
/// `conn` is from [`connection`], and not used again.
unsafe extern "C" fn connection_free(conn: *mut c_void) {
    // SAFETY: It was made by Box::into_raw().
    drop(unsafe { Box::from_raw(conn.cast::<Connection>()) });
}

#[no_mangle]
#[allow(non_upper_case_globals)] // its name in C
pub static bench_library: Library = Library {
    name: c"rustls".as_ptr(),
    context,
    context_free,
    connection,
    handshake,
    seal,
    open,
    resumed,
    connection_free,
};
