// SPDX-License-Identifier: GPL-2.0

//! KUnit: sessions with each other, over loopback and real kTLS.

use crate::ffi::test_loopback;
use crate::{
    Alert,
    Block,
    CipherSuite,
    Connection,
    Error,
    KeyUpdate,
    Lent,
    Listener,
    RecvBuffer,
    Refused,
    Request,
    ServerName,
    Session,
    SessionBuilder,
    SessionOps,
    SessionState,
    Socket,
    TrafficSecret, //
};
use core::net::{
    Ipv4Addr,
    SocketAddr, //
};
use kernel::new_mutex;
use kernel::page::{
    Page,
    PAGE_SIZE, //
};
use kernel::prelude::*;
use kernel::sync::atomic::{
    Atomic,
    Relaxed, //
};
use kernel::sync::{
    Arc,
    Mutex, //
};
use kernel::time::{
    delay::fsleep,
    Delta, //
};
use kernel::types::ForeignOwnable;

const SUITE: CipherSuite = CipherSuite::Aes128GcmSha256;
const SECRET_A: [u8; 32] = *b"what one end encrypts its own by";
const SECRET_B: [u8; 32] = *b"what the other end has for that.";

/// Two ends of a connection.
fn sockets() -> Result<(Socket, Socket)> {
    test_loopback()?;
    let listener = Listener::bind(&SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 0))?;
    let a = Socket::connect(&listener.local_addr()?, Delta::from_secs(1))?;
    let b = listener.accept()?;
    a.set_nodelay();
    b.set_nodelay();
    Ok((a, b))
}

fn attach<T: SessionOps>(
    socket: Socket,
    tx: &[u8],
    rx: &[u8],
    data: impl PinInit<T, kernel::error::Error>,
) -> Result<Session<T>, Error> {
    let tx = TrafficSecret::new(SUITE, tx)?;
    let rx = TrafficSecret::new(SUITE, rx)?;
    SessionBuilder::established().attach(socket, &tx, &rx, data)
}

/// Two sessions with each other.
fn pair<A: SessionOps, B: SessionOps>(
    a: impl PinInit<A, kernel::error::Error>,
    b: impl PinInit<B, kernel::error::Error>,
) -> Result<(Session<A>, Session<B>), Error> {
    let (socket_a, socket_b) = sockets()?;
    socket_a.test_keys(&socket_b, &SECRET_A, &SECRET_B)?;
    Ok((
        attach(socket_a, &SECRET_A, &SECRET_B, a)?,
        attach(socket_b, &SECRET_B, &SECRET_A, b)?,
    ))
}

/// Gives what is under way two seconds.
fn soon(mut condition: impl FnMut() -> bool) -> bool {
    for _ in 0..2000 {
        if condition() {
            return true;
        }
        fsleep(Delta::from_millis(1));
    }
    false
}

/// Whose code these sessions call back: nobody's who could be unloaded.
pub(crate) struct LocalModule;

impl kernel::ModuleMetadata for LocalModule {
    const NAME: &'static kernel::str::CStr = c"sluice_rust_test";
    const THIS_MODULE: ThisModule = {
        // SAFETY: What is built in has no module.
        unsafe { ThisModule::from_ptr(core::ptr::null_mut()) }
    };
}

/// One that waits.
struct Quiet;

#[vtable]
impl SessionOps for Quiet {
    type Buffer = ();
}

/// A request that came back, and with what.
type Back = (Request<Block>, Result<usize, Error>);

/// What was called, and what came back.
#[pin_data]
struct Log {
    opened: Atomic<i32>,
    ended: Atomic<i32>,
    closed: Atomic<i32>,
    sent: Atomic<i32>,
    writable: Atomic<i32>,
    #[pin]
    error: Mutex<Option<Error>>,
    #[pin]
    back: Mutex<KVec<Back>>,
}

impl Log {
    fn new() -> Result<Arc<Self>> {
        Arc::pin_init(
            pin_init!(Log {
                opened: Atomic::new(0),
                ended: Atomic::new(0),
                closed: Atomic::new(0),
                sent: Atomic::new(0),
                writable: Atomic::new(0),
                error <- new_mutex!(None),
                back <- new_mutex!(KVec::new()),
            }),
            GFP_KERNEL,
        )
    }

    /// Waits for a request to come back.
    fn take(&self) -> Option<Back> {
        let mut taken = None;
        soon(|| {
            taken = self.back.lock().pop();
            taken.is_some()
        });
        taken
    }
}

#[vtable]
impl SessionOps for Arc<Log> {
    type Buffer = Block;

    fn opened(connection: &Connection<Self>) {
        connection.data().opened.add(1, Relaxed);
    }

    fn sent(connection: &Connection<Self>, request: Request<Block>, result: Result<(), Error>) {
        let log = connection.data();
        let _ = log
            .back
            .lock()
            .push((request, result.map(|()| 0)), GFP_KERNEL);
        log.sent.add(1, Relaxed);
    }

    fn filled(
        connection: &Connection<Self>,
        request: Request<Block>,
        result: Result<usize, Error>,
    ) {
        let _ = connection
            .data()
            .back
            .lock()
            .push((request, result), GFP_KERNEL);
    }

    fn writable(connection: &Connection<Self>) {
        connection.data().writable.add(1, Relaxed);
    }

    fn closed(connection: &Connection<Self>, result: Result<(), Error>) {
        let log = connection.data();
        *log.error.lock() = result.err();
        log.closed.add(1, Relaxed);
    }
}

/// Takes so many octets at a time, and then waits to be told.
struct Taker {
    log: Arc<Log>,
    at_once: usize,
    octets: Atomic<i64>,
    calls: Atomic<i64>,
    sum: Atomic<i64>,
}

impl Taker {
    fn new(log: &Arc<Log>, at_once: usize) -> Result<Self> {
        Ok(Self {
            log: log.clone(),
            at_once,
            octets: Atomic::new(0),
            calls: Atomic::new(0),
            sum: Atomic::new(0),
        })
    }
}

#[vtable]
impl SessionOps for Taker {
    type Buffer = ();

    fn received(connection: &Connection<Self>, data: &Lent<'_>) -> usize {
        let this = connection.data();
        let mut left = this.at_once;
        let mut sum = 0;
        data.for_each_chunk(|chunk| {
            let n = chunk.len().min(left);
            sum += chunk[..n]
                .iter()
                .map(|octet| i64::from(*octet))
                .sum::<i64>();
            left -= n;
        });
        // The same by another way, as far as there is room.
        let mut copy = [0; 16];
        let n = data.copy_to(0, &mut copy[..this.at_once.min(16)]);
        if this.at_once <= 16 && sum != copy[..n].iter().map(|c| i64::from(*c)).sum::<i64>() {
            return 0;
        }
        let taken = this.at_once - left;
        this.sum.add(sum, Relaxed);
        this.calls.add(1, Relaxed);
        this.octets.add(taken as i64, Relaxed);
        taken
    }

    fn ended(connection: &Connection<Self>) {
        connection.data().log.ended.add(1, Relaxed);
    }

    fn closed(connection: &Connection<Self>, result: Result<(), Error>) {
        let log = &connection.data().log;
        *log.error.lock() = result.err();
        log.closed.add(1, Relaxed);
    }
}

/// Whole pages, which are not copied.
struct Pages(Atomic<i32>);

#[vtable]
impl SessionOps for Pages {
    type Buffer = Page;

    fn sent(connection: &Connection<Self>, _page: Request<Page>, result: Result<(), Error>) {
        if result.is_ok() {
            connection.data().0.add(1, Relaxed);
        }
    }
}

impl Block {
    /// One with so many octets in it.
    fn full(len: usize) -> Result<Self> {
        let mut block = Self::new(len, GFP_KERNEL)?;
        RecvBuffer::filled(&mut block, len);
        Ok(block)
    }
}

fn block(text: &[u8]) -> Result<Request<Block>> {
    let mut block = Block::new(text.len().max(64), GFP_KERNEL)?;
    block.copy_from(text)?;
    Request::new(block, GFP_KERNEL)
}

#[kunit_tests(sluice_rust)]
mod sessions {
    use super::*;

    #[test]
    fn a_socket_is_shared_with_c() -> Result {
        let (a, _b) = sockets()?;
        let peer = a.peer_addr()?;
        let socket = a.test_file()?;
        // SAFETY: `a` has it.
        drop(unsafe { Socket::share_ptr(socket) }?);
        assert_eq!(a.peer_addr(), Ok(peer));
        // SAFETY: As above.
        let shared = unsafe { Socket::share_ptr(socket) }?;
        drop(a);
        assert_eq!(shared.peer_addr(), Ok(peer));
        Ok(())
    }

    #[test]
    fn data_goes_both_ways() -> Result {
        let (a, b) = pair(Ok(Quiet), Ok(Quiet))?;
        assert_eq!(a.state(), SessionState::Open);
        a.send(b"ping")?;
        let mut room = [0; 16];
        assert_eq!(b.recv(&mut room)?, 4);
        assert_eq!(&room[..4], b"ping");
        b.send(b"a longer answer")?;
        let mut exact = [0; 8];
        a.recv_exact(&mut exact)?;
        assert_eq!(&exact, b"a longer");
        a.recv_exact(&mut exact[..7])?;
        assert_eq!(&exact[..7], b" answer");

        let info = a.info().ok_or(EINVAL)?;
        assert_eq!(info.suite, Some(SUITE));
        assert_eq!((info.tx_bytes, info.rx_bytes), (4, 15));
        assert_eq!(info.alert_received, None);
        Ok(())
    }

    #[test]
    fn an_orderly_end() -> Result {
        let (a, b) = pair(Ok(Quiet), Ok(Quiet))?;
        a.send(b"last words")?;
        a.shutdown();
        let mut room = [0; 32];
        assert_eq!(a.send(b"more").map_err(|e| e.errno()), Err(EPIPE));
        assert_eq!(b.recv(&mut room)?, 10);
        assert_eq!(b.recv(&mut room)?, 0);
        assert_eq!(b.recv_exact(&mut room).map_err(|e| e.errno()), Err(ENODATA));
        b.send(b"half open")?;
        b.shutdown();
        assert_eq!(a.recv(&mut room)?, 9);
        a.close(Delta::from_secs(1))?;
        b.close(Delta::from_secs(1))?;
        Ok(())
    }

    #[test]
    fn a_cut_is_no_end() -> Result {
        let log = Log::new()?;
        let (a, b) = pair(Ok(Log::new()?), Ok(log.clone()))?;
        // More than finds room in the sockets' buffers.
        a.queue_send(Request::new(Block::full(16 << 20)?, GFP_KERNEL)?)?;
        a.close(Delta::ZERO)?;
        let mut room = KVec::from_elem(0u8, 16384, GFP_KERNEL)?;
        let error = loop {
            match b.recv(&mut room) {
                Ok(len) => assert!(len > 0),
                Err(error) => break error,
            }
        };
        assert_eq!(error.errno(), ECONNRESET);
        assert!(soon(|| log.closed.load(Relaxed) == 1));
        assert_eq!(
            log.error.lock().map(|error| error.errno()),
            Some(ECONNRESET)
        );
        assert_eq!(b.state(), SessionState::Failed);
        b.close(Delta::from_secs(1))?;
        Ok(())
    }

    #[test]
    fn keys_are_renewed() -> Result {
        let (a, b) = pair(Ok(Quiet), Ok(Quiet))?;
        let mut room = [0; 4];
        for _ in 0..20 {
            a.key_update(KeyUpdate::Requested)?;
            a.send(b"ping")?;
            b.recv_exact(&mut room)?;
            b.send(b"pong")?;
            a.recv_exact(&mut room)?;
        }
        let info = a.info().ok_or(EINVAL)?;
        assert!(info.tx_key_updates > 0 && info.rx_key_updates > 0);
        assert_eq!(
            b.info().map(|info| info.rx_key_updates),
            Some(info.tx_key_updates)
        );
        Ok(())
    }

    #[test]
    fn wrong_secrets_are_refused() -> Result {
        let (socket_a, socket_b) = sockets()?;
        socket_a.test_keys(&socket_b, &SECRET_A, &SECRET_B)?;
        let error = attach(socket_a, &SECRET_B, &SECRET_A, Ok(Quiet)).err();
        // EKEYREJECTED
        assert_eq!(error.map(|e| e.errno().to_errno()), Some(-129));
        Ok(())
    }

    #[test]
    fn without_secrets_no_key_is_renewed() -> Result {
        let (socket_a, socket_b) = sockets()?;
        socket_a.test_keys(&socket_b, &SECRET_A, &SECRET_B)?;
        let a: Session<Quiet> = SessionBuilder::established().adopt(socket_a, Ok(Quiet))?;
        let b = attach(socket_b, &SECRET_B, &SECRET_A, Ok(Quiet))?;
        assert_eq!(a.key_update(KeyUpdate::NotRequested), Err(EOPNOTSUPP));
        b.key_update(KeyUpdate::NotRequested)?;
        b.send(b"under a new key")?;
        let mut room = [0; 16];
        // EKEYEXPIRED, which b is told of by an alert.
        let error = a.recv(&mut room).err().ok_or(EINVAL)?;
        assert_eq!(error.errno().to_errno(), -127);
        assert_eq!(error.alert_sent(), Some(Alert::InternalError));
        let error = b.recv(&mut room).err().ok_or(EINVAL)?;
        assert_eq!(error.errno(), ECONNABORTED);
        assert_eq!(error.alert_received(), Some(Alert::InternalError));
        Ok(())
    }

    #[test]
    fn no_keys_no_session() -> Result {
        let (socket, _peer) = sockets()?;
        let adopted = SessionBuilder::established().adopt(socket, Ok(Quiet));
        assert!(adopted.is_err());
        Ok(())
    }

    #[test]
    fn requests_come_back() -> Result {
        let log = Log::new()?;
        let (a, b) = pair(Ok(log.clone()), Ok(Quiet))?;
        assert!(soon(|| log.opened.load(Relaxed) == 1));
        a.queue_send(block(b"one request")?)?;
        let mut room = [0; 32];
        assert_eq!(b.recv(&mut room)?, 11);
        let (request, result) = log.take().ok_or(ETIME)?;
        assert!(result.is_ok());
        assert_eq!(&request[..], b"one request");

        // The same one again, the other way round.
        a.queue_recv(request)?;
        b.send(b"an answer")?;
        let (request, result) = log.take().ok_or(ETIME)?;
        assert_eq!(result, Ok(9));
        assert_eq!(&request[..], b"an answer");

        // And one that waits until it is full.
        a.queue_recv_exact(request)?;
        b.send(&[7; 40])?;
        fsleep(Delta::from_millis(20));
        assert!(log.back.lock().is_empty());
        b.send(&[7; 24])?;
        let (request, result) = log.take().ok_or(ETIME)?;
        assert_eq!(result, Ok(64));
        assert_eq!(&request[..], &[7; 64]);
        Ok(())
    }

    #[test]
    fn requests_that_are_refused_come_back_at_once() -> Result {
        let log = Log::new()?;
        let (a, b) = pair(Ok(log.clone()), Ok(Quiet))?;
        a.shutdown();
        match a.queue_send(block(b"too late")?) {
            Err(Refused { error, request }) => {
                assert_eq!(error.errno(), EPIPE);
                assert_eq!(&request[..], b"too late");
            }
            Ok(()) => assert!(false),
        }
        drop(b);
        Ok(())
    }

    #[test]
    fn what_waits_comes_back_at_the_end() -> Result {
        let log = Log::new()?;
        let (a, _b) = pair(Ok(log.clone()), Ok(Quiet))?;
        for _ in 0..10 {
            a.queue_recv(block(b"")?)?;
        }
        a.close(Delta::ZERO)?;
        let mut back = log.back.lock();
        assert_eq!(back.len(), 10);
        while let Some((_, result)) = back.pop() {
            // ECANCELED
            assert_eq!(result.map_err(|e| e.errno().to_errno()), Err(-125));
        }
        Ok(())
    }

    #[test]
    fn a_full_queue_says_when_there_is_room() -> Result {
        let log = Log::new()?;
        let (socket_a, socket_b) = sockets()?;
        socket_a.test_keys(&socket_b, &SECRET_A, &SECRET_B)?;
        let a: Session<Arc<Log>> = SessionBuilder::established()
            .send_limit(65536)
            .adopt(socket_a, Ok(log.clone()))?;
        let b = attach(socket_b, &SECRET_B, &SECRET_A, Ok(Quiet))?;

        // Nobody reads: at some time nothing more goes in.
        let mut queued = 0usize;
        let refused = loop {
            let mut block = Block::new(16384, GFP_KERNEL)?;
            block.copy_from(&[queued as u8; 1000])?;
            match a.queue_send(Request::new(block, GFP_KERNEL)?) {
                Ok(()) => queued += 1000,
                Err(refused) => break refused,
            }
            // What came back is not kept.
            while log.back.lock().pop().is_some() {}
        };
        assert_eq!(refused.error.errno(), EAGAIN);
        assert_eq!(log.writable.load(Relaxed), 0);
        let mut room = KVec::from_elem(0, 16384, GFP_KERNEL)?;
        let mut received = 0;
        while received < queued {
            received += b.recv(&mut room)?;
        }
        assert_eq!(received, queued);
        assert!(soon(|| log.writable.load(Relaxed) == 1));
        a.queue_send(refused.request)?;
        assert_eq!(b.recv(&mut room)?, 1000);
        Ok(())
    }

    #[test]
    fn what_is_acknowledged() -> Result {
        let log = Log::new()?;
        let (a, b) = pair(Ok(log.clone()), Ok(Quiet))?;
        assert_eq!(a.unacked()?, 0);
        a.send(&[1; 1000])?;
        // It has arrived, though nobody has read it.
        assert!(soon(|| a.unacked() == Ok(0)));

        // More than TCP takes: the rest is in the queue, or in kTLS.
        let mut sent = 1000;
        loop {
            let mut block = Block::new(16384, GFP_KERNEL)?;
            block.copy_from(&[1; 16384])?;
            if a.queue_send(Request::new(block, GFP_KERNEL)?).is_err() {
                break;
            }
            sent += 16384;
        }
        fsleep(Delta::from_millis(100));
        assert!(a.unacked()? > 0);
        let mut room = KVec::from_elem(0, 16384, GFP_KERNEL)?;
        while sent > 0 {
            sent -= b.recv(&mut room)?;
        }
        assert!(soon(|| a.unacked() == Ok(0)));

        b.shutdown();
        a.shutdown();
        assert!(soon(|| a.unacked() == Err(ENOTCONN)));
        Ok(())
    }

    #[test]
    fn pages_are_sent_as_they_are() -> Result {
        let (a, b) = pair(Ok(Pages(Atomic::new(0))), Ok(Quiet))?;
        let page = Page::alloc_page(GFP_KERNEL | kernel::alloc::flags::__GFP_ZERO)?;
        a.queue_send(Request::new(page, GFP_KERNEL)?)?;
        let mut room = KVec::from_elem(1u8, PAGE_SIZE, GFP_KERNEL)?;
        b.recv_exact(&mut room)?;
        assert!(room.iter().all(|octet| *octet == 0));
        assert!(soon(|| a.data().0.load(Relaxed) == 1));
        Ok(())
    }

    #[test]
    fn lent_data_is_all_there() -> Result {
        let log = Log::new()?;
        let (a, b) = pair(Ok(Quiet), Taker::new(&log, usize::MAX))?;
        let mut sum = 0i64;
        for round in 0..40u8 {
            let data = KVec::from_elem(round, 10_000, GFP_KERNEL)?;
            sum += 10_000 * i64::from(round);
            a.send(&data)?;
        }
        a.shutdown();
        assert!(soon(|| log.ended.load(Relaxed) == 1));
        assert_eq!(b.data().octets.load(Relaxed), 400_000);
        assert_eq!(b.data().sum.load(Relaxed), sum);
        assert_eq!(log.closed.load(Relaxed), 0);
        b.shutdown();
        assert!(soon(|| log.closed.load(Relaxed) == 1));
        assert_eq!(*log.error.lock(), None);
        Ok(())
    }

    #[test]
    fn lent_data_waits_for_who_wants_no_more() -> Result {
        let log = Log::new()?;
        let (a, b) = pair(Ok(Quiet), Taker::new(&log, 10))?;
        a.send(&[1; 35])?;
        for (octets, calls) in [(10, 1), (20, 2), (30, 3), (35, 4)] {
            assert!(soon(|| b.data().octets.load(Relaxed) == octets));
            fsleep(Delta::from_millis(5));
            assert_eq!(b.data().octets.load(Relaxed), octets);
            assert_eq!(b.data().calls.load(Relaxed), calls);
            b.resume();
        }
        a.shutdown();
        assert!(soon(|| log.ended.load(Relaxed) == 1));
        assert_eq!(b.data().sum.load(Relaxed), 35);
        // There is nothing to go on with, and it does no harm.
        b.resume();
        Ok(())
    }

    #[test]
    fn a_dropped_session_sends_what_it_has() -> Result {
        let log = Log::new()?;
        let (a, b) = pair(Ok(log.clone()), Ok(Quiet))?;
        for _ in 0..60 {
            let mut block = Block::new(10_000, GFP_KERNEL)?;
            block.copy_from(&[1; 1000])?;
            a.queue_send(Request::new(block, GFP_KERNEL)?)?;
        }
        drop(a);
        let mut room = KVec::from_elem(0u8, 1000, GFP_KERNEL)?;
        let mut received = 0;
        loop {
            match b.recv(&mut room)? {
                0 => break,
                len => received += len,
            }
        }
        assert_eq!(received, 60_000);
        b.close(Delta::from_secs(1))?;
        assert!(soon(|| log.sent.load(Relaxed) == 60));
        // The log is ours alone when the session's worker is through.
        assert!(soon(|| Arc::into_unique_or_drop(log.clone()).is_none()));
        Ok(())
    }

    #[test]
    fn sessions_are_dropped_where_nobody_may_sleep() -> Result {
        let (a, b) = pair(Ok(Quiet), Ok(Quiet))?;
        let lock = Arc::pin_init(kernel::new_spinlock!(Some(a)), GFP_KERNEL)?;
        {
            let mut guard = lock.lock();
            drop(guard.take());
        }
        assert_eq!(b.recv(&mut [0; 1])?, 0);
        b.close(Delta::from_secs(1))?;
        Ok(())
    }

    #[test]
    fn shared_by_many() -> Result {
        let (a, b) = pair(Ok(Quiet), Ok(Quiet))?;
        let a = Arc::new(a, GFP_KERNEL)?;
        let queue = crate::queue::OwnedQueue::new(c"sluice_test")?;
        for _ in 0..8 {
            let a = a.clone();
            queue.try_spawn(GFP_KERNEL, move || {
                for _ in 0..50 {
                    let _ = a.send(&[1; 100]);
                }
            })?;
        }
        let mut room = KVec::from_elem(0u8, 8 * 50 * 100, GFP_KERNEL)?;
        b.recv_exact(&mut room)?;
        assert!(room.iter().all(|octet| *octet == 1));
        Ok(())
    }

    #[test]
    fn in_foreign_hands() -> Result {
        let (a, b) = pair(Ok(Quiet), Ok(Quiet))?;
        let foreign = a.into_foreign();
        // SAFETY: It was made so, and is not taken back yet.
        let connection = unsafe { Session::<Quiet>::borrow(foreign) };
        assert_eq!(connection.state(), SessionState::Open);
        // SAFETY: It was made so, and `connection` is not used any more.
        let a = unsafe { Session::<Quiet>::from_foreign(foreign) };
        a.send(b"x")?;
        assert_eq!(b.recv(&mut [0; 1])?, 1);
        Ok(())
    }

    #[test]
    fn without_an_agent_there_is_no_handshake() -> Result {
        let log = Log::new()?;
        let (socket, _peer) = sockets()?;
        let name = ServerName::try_from("example.org")?;
        let handshake = SessionBuilder::client(&name).handshake(socket, Ok(log.clone()))?;
        assert!(handshake.wait_for(Delta::from_secs(1)));
        assert!(handshake.is_done());
        assert_eq!(handshake.state(), SessionState::Failed);
        assert_eq!(handshake.wait().err().map(|e| e.errno()), Some(ESRCH));
        assert!(soon(|| log.closed.load(Relaxed) == 1));
        assert_eq!(log.opened.load(Relaxed), 0);
        Ok(())
    }

    #[test]
    fn a_handshake_is_cancelled() -> Result {
        let (socket, _peer) = sockets()?;
        let handshake = SessionBuilder::server().handshake(socket, Ok(Quiet))?;
        handshake.cancel();
        let (socket, _peer) = sockets()?;
        drop(SessionBuilder::server().handshake(socket, Ok(Quiet))?);
        Ok(())
    }

    #[test]
    fn keys_that_make_no_sense() -> Result {
        let key = crate::KeySerial::new(7).ok_or(EINVAL)?;
        assert_eq!(crate::KeySerial::new(0), None);
        assert_eq!(crate::KeySerial::new(-3), None);
        assert!(SessionBuilder::server().psk(&[]).is_err());
        assert!(SessionBuilder::server().psk(&[key; 6]).is_err());
        assert!(SessionBuilder::server().psk(&[key; 5]).is_ok());
        Ok(())
    }
}
