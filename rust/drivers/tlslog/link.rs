// SPDX-License-Identifier: GPL-2.0

//! From the console to the server: one queue, and one worker who keeps a connection up.

use crate::format::{
    Head,
    Line, //
};
use crate::rate::{
    is_own,
    Backoff,
    Budget, //
};
use crate::window::{
    Window,
    KEEP, //
};
use core::net::SocketAddr;
use kernel::prelude::*;
use kernel::sync::{
    Arc,
    CondVar,
    SpinLock,
    SpinLockGuard, //
};
use kernel::time::{
    msecs_to_jiffies,
    Delta,
    Instant,
    Monotonic, //
};
use kernel::{
    new_condvar,
    new_spinlock, //
};
use sluice::console::{
    wall_clock,
    Hostname,
    Record,
    Writer, //
};
use sluice::{
    Connection,
    Error,
    KeySerial,
    Lent,
    Refused,
    Request,
    ServerName,
    Session,
    SessionBuilder,
    SessionOps,
    Socket, //
};

/// What leaves at once: as much as a record of TLS carries.
const BATCH: usize = 16384;
/// All times are in milliseconds. To connect, which an unload has to wait for:
const CONNECT: u64 = 3_000;
/// For the handshake.
const HANDSHAKE: u64 = 10_000;
/// From one batch that is not full to the next: so what a message makes others print, a firewall
/// that logs packets for one, makes no more than so many.
const PACE: u64 = 20;
/// Until we look again what has arrived.
const LOOK: u64 = 20;
/// A server whose TCP acknowledges nothing for so long is left.
const STALL: u64 = 30_000;
/// Where nothing is to be done; what changes that wakes us.
const IDLE: u64 = 600_000;
/// To send what is queued when the module goes.
const LAST: u64 = 2_000;
/// Facility and level of what is ours to say: syslog, warning.
const OURS: (u32, u8) = (5, 4);

pub(crate) struct Config {
    pub(crate) server: SocketAddr,
    /// The same as it was given.
    pub(crate) place: &'static str,
    pub(crate) name: ServerName,
    pub(crate) certificate: Option<(KeySerial, KeySerial)>,
    pub(crate) keyring: Option<KeySerial>,
    pub(crate) level: u8,
    pub(crate) queue: usize,
}

/// Lines that the server will not get.
#[derive(Clone, Copy, Default, PartialEq)]
struct Losses {
    /// There was no room in the queue.
    full: u64,
    /// They were overwritten before printk showed them to us.
    dropped: u64,
    /// There were too many about sending.
    own: u64,
}

struct State {
    line: Line,
    window: Window,
    losses: Losses,
    budget: Budget,
    /// The one request, unless the session has it.
    request: Option<Request<KVec<u8>>>,
    /// Number of the present session: an earlier one may still speak.
    session: u64,
    /// It is open.
    opened: bool,
    /// It has come to its end.
    over: Option<Error>,
    /// The module goes, and until when it can wait.
    stop: Option<u64>,
}

impl State {
    fn new(config: &Config) -> Result<Self> {
        let batch = KVec::with_capacity(BATCH, GFP_KERNEL)?;
        Ok(Self {
            line: Line::new()?,
            window: Window::new(config.queue)?,
            losses: Losses::default(),
            budget: Budget::new(),
            request: Some(Request::new(batch, GFP_KERNEL)?),
            session: 0,
            opened: false,
            over: None,
            stop: None,
        })
    }

    /// Queues the message that says what was lost, if something was.
    fn report(&mut self) -> bool {
        let losses = self.losses;
        if losses == Losses::default() {
            return true;
        }
        let host = Hostname::now();
        let head = Head {
            facility: OURS.0,
            level: OURS.1,
            time: wall_clock(),
            host: host.as_str(),
            app: "tlslog",
            sequence: None,
        };
        let frame = self.line.own(
            &head,
            fmt!(
                "lines lost: {} found the queue full, {} were overwritten before, {} were about sending",
                losses.full,
                losses.dropped,
                losses.own
            ),
        );
        let said = self.window.push(frame);
        if said {
            self.losses = Losses::default();
        }
        said
    }

    fn queue(&mut self, record: &Record<'_>) {
        if is_own(record.text) && !self.budget.spend(record.usec / 1_000) {
            self.losses.own += 1;
            return;
        }
        // Where something is missing it is said.
        if !self.report() {
            self.losses.full += 1;
            return;
        }
        let host = Hostname::now();
        let head = Head {
            facility: record.facility,
            level: record.level,
            time: record.time(),
            host: host.as_str(),
            app: if record.facility == 0 {
                "kernel"
            } else {
                "kmsg"
            },
            sequence: Some(record.sequence),
        };
        if !self.window.push(self.line.record(&head, record.text)) {
            self.losses.full += 1;
        }
    }
}

fn time(milliseconds: u64) -> Delta {
    // CAST: One of the times above.
    Delta::from_millis(milliseconds as i64)
}

/// What the console, the worker and the session's callbacks share.
#[pin_data]
pub(crate) struct Shipper {
    config: Config,
    start: Instant<Monotonic>,
    #[pin]
    state: SpinLock<State>,
    /// Something in `state` has changed that the worker may wait for.
    #[pin]
    changed: CondVar,
}

impl Writer for Shipper {
    fn write(&self, record: &Record<'_>) {
        let mut state = self.state.lock();
        state.losses.dropped += record.dropped;
        if record.level > self.config.level {
            return;
        }
        state.queue(record);
        drop(state);
        self.changed.notify_one();
    }
}

/// What a session tells goes into the state.
pub(crate) struct Link {
    shipper: Arc<Shipper>,
    number: u64,
}

impl Link {
    fn tell(connection: &Connection<Self>, change: impl FnOnce(&mut State)) {
        let Self { shipper, number } = connection.data();
        let mut state = shipper.state.lock();
        if state.session == *number {
            change(&mut state);
        }
        drop(state);
        shipper.changed.notify_one();
    }
}

#[vtable]
impl SessionOps for Link {
    type Buffer = KVec<u8>;

    fn opened(connection: &Connection<Self>) {
        Self::tell(connection, |state| state.opened = true);
    }

    /// A server has nothing to say.
    fn received(_connection: &Connection<Self>, data: &Lent<'_>) -> usize {
        data.len()
    }

    fn ended(connection: &Connection<Self>) {
        Self::tell(connection, |state| {
            state.over.get_or_insert(EPIPE.into());
        });
    }

    fn closed(connection: &Connection<Self>, result: Result<(), Error>) {
        let error = result.err().unwrap_or(EPIPE.into());
        Self::tell(connection, |state| {
            state.over.get_or_insert(error);
        });
    }

    fn sent(connection: &Connection<Self>, request: Request<KVec<u8>>, _result: Result<(), Error>) {
        Self::tell(connection, |state| state.request = Some(request));
    }
}

/// What the worker is to do next.
enum Step {
    /// To see what has arrived.
    Look,
    Send(Request<KVec<u8>>),
    /// The module goes.
    Leave,
}

impl Shipper {
    pub(crate) fn new(config: Config) -> impl PinInit<Self, kernel::error::Error> {
        try_pin_init!(Self {
            state <- {
                let state = State::new(&config)?;
                new_spinlock!(state)
            },
            changed <- new_condvar!(),
            start: Instant::now(),
            config,
        }? kernel::error::Error)
    }

    fn now(&self) -> u64 {
        // CAST: It does not go back.
        self.start.elapsed().as_millis() as u64
    }

    pub(crate) fn stop(&self) {
        let until = self.now() + LAST;
        self.state.lock().stop = Some(until);
        self.changed.notify_one();
    }

    /// The worker: keeps a connection up until the module goes.
    pub(crate) fn run(self: Arc<Self>) {
        let mut backoff = Backoff::new();
        let mut said = None;
        loop {
            let result = self.connect().and_then(|session| {
                pr_info!("connected to {}\n", self.config.place);
                said = None;
                self.state.lock().window.rewind();
                let result = self.ship(&session, &mut backoff);
                let now = self.now();
                self.state.lock().window.suspend(now);
                // It gives the request back.
                let _ = session.close(time(if result.is_ok() { LAST } else { 0 }));
                result
            });
            if self.state.lock().stop.is_some() {
                return;
            }
            // Once for each reason: it is in the log that is to be sent.
            if let Err(error) = result {
                if said != Some(error.errno()) {
                    said = Some(error.errno());
                    self.complain(&error);
                }
            }
            // CAST: Any number will do.
            let random = self.start.elapsed().as_nanos() as u64;
            self.pause(backoff.next(random));
        }
    }

    fn complain(&self, error: &Error) {
        let Config { place, name, .. } = &self.config;
        match (error.alert_received(), error.errno()) {
            (Some(alert), _) => pr_err!("{} refuses us: {:?}\n", place, alert),
            (None, EACCES) => pr_err!("{} does not prove to be {}\n", place, name.as_str()),
            (None, EPIPE) => pr_info!("{} has ended the connection\n", place),
            (None, error) => pr_err!("no connection to {}: {:?}\n", place, error),
        }
    }

    /// Waits for so long, or until the module goes.
    fn pause(&self, pause: u64) {
        let until = self.now() + pause;
        let mut state = self.state.lock();
        while state.stop.is_none() {
            let left = until.saturating_sub(self.now());
            if left == 0 {
                return;
            }
            self.sleep(&mut state, left);
        }
    }

    fn sleep(&self, state: &mut SpinLockGuard<'_, State>, milliseconds: u64) {
        // CAST: No wait is that long. A kernel worker gets no signals.
        let _ = self
            .changed
            .wait_interruptible_timeout(state, msecs_to_jiffies(milliseconds as u32));
    }

    fn connect(self: &Arc<Self>) -> Result<Session<Link>, Error> {
        let socket = Socket::connect(&self.config.server, time(CONNECT))?;
        socket.set_nodelay();
        let number = {
            let mut state = self.state.lock();
            state.session += 1;
            state.opened = false;
            state.over = None;
            state.session
        };
        let mut builder = SessionBuilder::client(&self.config.name).timeout(time(HANDSHAKE));
        if let Some((certificate, key)) = self.config.certificate {
            builder = builder.certificate(certificate, key);
        }
        if let Some(keyring) = self.config.keyring {
            builder = builder.keyring(keyring);
        }
        let handshake = builder.handshake(
            socket,
            Ok(Link {
                shipper: self.clone(),
                number,
            }),
        )?;

        let mut state = self.state.lock();
        while !state.opened && state.over.is_none() {
            if state.stop.is_some() {
                drop(state);
                handshake.cancel();
                return Err(ESHUTDOWN.into());
            }
            self.sleep(&mut state, HANDSHAKE);
        }
        drop(state);
        handshake.wait()
    }

    /// Sends what there is, until the connection or the module is at its end.
    fn ship(&self, session: &Session<Link>, backoff: &mut Backoff) -> Result<(), Error> {
        let begun = self.now();
        let mut sent_at = 0;
        let mut looked_at = 0;
        // What was on its way, and since when.
        let mut on_way = (0, begun);
        loop {
            match self.next(sent_at, looked_at)? {
                Step::Look => {
                    let unacked = session.unacked()?;
                    let now = self.now();
                    looked_at = now;
                    if unacked == 0 {
                        self.state.lock().window.acknowledge(now);
                        if now - begun >= KEEP {
                            *backoff = Backoff::new();
                        }
                    }
                    if unacked != on_way.0 {
                        on_way = (unacked, now);
                    } else if unacked > 0 && now - on_way.1 > STALL {
                        return Err(ETIMEDOUT.into());
                    }
                }
                Step::Send(request) => {
                    sent_at = self.now();
                    if let Err(Refused { error, request }) = session.queue_send(request) {
                        self.state.lock().request = Some(request);
                        return Err(error);
                    }
                }
                Step::Leave => return Ok(()),
            }
        }
    }

    /// Waits until there is something to do.
    fn next(&self, sent_at: u64, looked_at: u64) -> Result<Step, Error> {
        let mut guard = self.state.lock();
        loop {
            let now = self.now();
            let state = &mut *guard;
            if let Some(error) = state.over {
                return Err(error);
            }
            state.window.expire(now);
            // What was about sending alone is no reason to send.
            if state.losses.full > 0 || state.losses.dropped > 0 {
                state.report();
            }

            let unsent = state.window.unsent();
            let unacknowledged = state.window.unacknowledged();
            let idle = unsent == 0 && unacknowledged == 0;
            if state.stop.is_some_and(|until| idle || now >= until) {
                return Ok(Step::Leave);
            }
            // The other half of the ring can make room, once it has arrived.
            let may = unsent > 0 && unacknowledged < self.config.queue as u64 / 2;
            let due = unsent >= BATCH as u64 || state.stop.is_some() || now >= sent_at + PACE;
            if may && due {
                if let Some(mut request) = state.request.take() {
                    state.window.take(&mut request);
                    return Ok(Step::Send(request));
                }
            }
            if unacknowledged > 0 && now >= looked_at + LOOK {
                return Ok(Step::Look);
            }
            let time = match (idle, state.window.keeps()) {
                (false, _) => PACE.min(LOOK),
                (true, true) => KEEP,
                (true, false) => IDLE,
            };
            self.sleep(&mut guard, time);
        }
    }
}
