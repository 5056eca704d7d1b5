// SPDX-License-Identifier: GPL-2.0

//! Consoles: who is shown the kernel's log as it is printed.
//!
//! A console here has a thread of its own (`CON_NBCON`, no `write_atomic`), which printk feeds from
//! its buffer: so a line that is printed in an interrupt, or with any lock held, comes all the same,
//! in order, and in a context that has none of it.
//!
//! C header: [`include/linux/console.h`](srctree/include/linux/console.h)

use crate::bindings;
use core::ptr::NonNull;
use kernel::error::from_err_ptr;
use kernel::ffi::c_void;
use kernel::prelude::*;
use kernel::str::CStr;
use kernel::sync::Arc;

/// What a console does with what is printed.
pub trait Writer: Send + Sync + 'static {
    /// A record was printed.
    ///
    /// Called for one record at a time, in their order, from the console's thread with a spinlock
    /// held: it may print, but not sleep.
    fn write(&self, record: &Record<'_>);
}

/// A record of the kernel's log.
///
/// # Examples
///
/// ```
/// use sluice::console::Record;
///
/// let record = Record::parse(b"6,339,5140900,-,caller=T1;NET: Registered\n SUBSYSTEM=net\n")
///     .ok_or(EINVAL)?;
/// assert_eq!((record.facility, record.level), (0, 6));
/// assert_eq!((record.sequence, record.usec), (339, 5140900));
/// assert_eq!(record.text, b"NET: Registered");
/// assert!(Record::parse(b"6,339,5140900,-").is_none());
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Record<'a> {
    /// Whose it is, as syslog(3) numbers them; the kernel's own is 0.
    pub facility: u32,
    /// How severe it is: 0, an emergency, to 7, for debugging.
    pub level: u8,
    /// Its number in the log.
    pub sequence: u64,
    /// When it was printed, in microseconds of printk's clock.
    pub usec: u64,
    /// How many before it were overwritten before the console got to see them.
    pub dropped: u64,
    /// What was printed, as one line: what is not printable ASCII, and the backslash, are written
    /// as `\xNN`. The dictionary is left out.
    pub text: &'a [u8],
}

impl<'a> Record<'a> {
    /// Takes one apart that has the form of /dev/kmsg (Documentation/ABI/testing/dev-kmsg).
    pub fn parse(raw: &'a [u8]) -> Option<Self> {
        let (head, body) = split(raw, b';')?;
        let mut fields = head.split(|octet| *octet == b',').map(number);
        let priority = fields.next()??;
        let (sequence, usec) = (fields.next()??, fields.next()??);
        Some(Self {
            facility: u32::try_from(priority >> 3).ok()?,
            // CAST: Three bits.
            level: (priority & 7) as u8,
            sequence,
            usec,
            dropped: 0,
            text: split(body, b'\n')?.0,
        })
    }

    /// When it was printed by the wall clock, in microseconds since 1970.
    ///
    /// printk's clock stands still while the machine sleeps: a record from before that is dated too
    /// late.
    pub fn time(&self) -> u64 {
        // SAFETY: It reads two clocks.
        unsafe { bindings::sluice_console_time(self.usec) }
    }
}

/// The wall clock now, in microseconds since 1970.
///
/// # Examples
///
/// ```
/// use sluice::console::wall_clock;
///
/// let before = wall_clock();
/// assert!(wall_clock() >= before);
/// ```
pub fn wall_clock() -> u64 {
    let mut now = kernel::bindings::timespec64::default();
    // SAFETY: `now` is there for the call.
    unsafe { kernel::bindings::ktime_get_real_ts64(&mut now) };
    // CAST: It is after 1970, and less than a million.
    now.tv_sec as u64 * 1_000_000 + now.tv_nsec as u64 / 1_000
}

fn split(from: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let i = from.iter().position(|octet| *octet == at)?;
    Some((&from[..i], &from[i + 1..]))
}

fn number(digits: &[u8]) -> Option<u64> {
    core::str::from_utf8(digits).ok()?.parse().ok()
}

/// A console that is registered, for as long as it is not dropped.
///
/// It is shown what is in the log already, then what is printed, both only if the console log level
/// (`dmesg -n`) lets it pass.
///
/// # Examples
///
/// ```
/// use kernel::sync::atomic::{Atomic, Relaxed};
/// use kernel::sync::Arc;
/// use sluice::console::{Console, Record, Writer};
///
/// /// Counts errors.
/// struct Errors(Atomic<i32>);
///
/// impl Writer for Errors {
///     fn write(&self, record: &Record<'_>) {
///         if record.level <= 3 {
///             self.0.add(1, Relaxed);
///         }
///     }
/// }
///
/// let errors = Arc::new(Errors(Atomic::new(0)), GFP_KERNEL)?;
/// let console = Console::register(c"errors", errors.clone())?;
/// pr_err!("an error for an example\n");
/// # for _ in 0..1000 {
/// #     if errors.0.load(Relaxed) > 0 {
/// #         break;
/// #     }
/// #     kernel::time::delay::fsleep(kernel::time::Delta::from_millis(1));
/// # }
/// # assert!(errors.0.load(Relaxed) > 0);
/// drop(console);
/// # Ok::<(), Error>(())
/// ```
///
/// # Invariants
///
/// `raw` is registered with `write::<T>` and a pointer to what `_writer` refers to.
pub struct Console<T: Writer> {
    raw: NonNull<bindings::sluice_console>,
    _writer: Arc<T>,
}

// SAFETY: A console belongs to no thread, and `T` is `Send` and `Sync`.
unsafe impl<T: Writer> Send for Console<T> {}
// SAFETY: Shared, there is nothing to be done with it.
unsafe impl<T: Writer> Sync for Console<T> {}

impl<T: Writer> Console<T> {
    /// Registers one. May sleep.
    pub fn register(name: &CStr, writer: Arc<T>) -> Result<Self> {
        let data: *const T = &*writer;
        // SAFETY: The name is copied; the writer stays until the console is unregistered.
        let raw = from_err_ptr(unsafe {
            bindings::sluice_console_register(
                name.as_char_ptr(),
                Some(write::<T>),
                data.cast_mut().cast(),
            )
        })?;
        // INVARIANT: It is registered so.
        Ok(Self {
            raw: NonNull::new(raw).ok_or(ENOMEM)?,
            _writer: writer,
        })
    }
}

impl<T: Writer> Drop for Console<T> {
    /// Nothing is written any more when it returns. May sleep.
    fn drop(&mut self) {
        // SAFETY: By the type's invariants it is registered, and nobody uses it after this.
        unsafe { bindings::sluice_console_unregister(self.raw.as_ptr()) };
    }
}

/// Whether consoles are shown records of this level now.
///
/// # Examples
///
/// ```
/// use sluice::console;
///
/// if !console::shows(6) {
///     pr_warn!("consoles are shown no KERN_INFO: see dmesg -n\n");
/// }
/// ```
pub fn shows(level: u8) -> bool {
    // SAFETY: It reads a number.
    i32::from(level) < unsafe { bindings::sluice_console_level() }
}

/// # Safety
///
/// `data` is a `T`, and `text` has `len` octets, both for the time of the call.
unsafe extern "C" fn write<T: Writer>(
    data: *mut c_void,
    text: *const u8,
    len: usize,
    expected: u64,
) {
    // SAFETY: C calls with what the console was registered with.
    let writer = unsafe { &*data.cast::<T>() };
    // SAFETY: C calls with as many octets, which are the caller's alone.
    let raw = unsafe { core::slice::from_raw_parts(text, len) };
    if let Some(mut record) = Record::parse(raw) {
        record.dropped = record.sequence.saturating_sub(expected);
        writer.write(&record);
    }
}

/// The name of this machine, as in hostname(1), in the initial namespace.
///
/// # Examples
///
/// ```
/// use sluice::console::Hostname;
///
/// assert!(!Hostname::now().as_str().is_empty());
/// ```
pub struct Hostname([u8; 65]);

impl Hostname {
    /// Reads it.
    pub fn now() -> Self {
        let mut name = [0u8; 65];
        // SAFETY: There is room for as much as the call is told, and it ends what it writes by 0.
        unsafe { bindings::sluice_console_hostname(name.as_mut_ptr(), name.len()) };
        Self(name)
    }

    /// The name; `-` if it is not printable ASCII.
    pub fn as_str(&self) -> &str {
        let len = self.0.iter().position(|c| *c == 0).unwrap_or(0);
        let name = &self.0[..len];
        match core::str::from_utf8(name) {
            Ok(name) if len > 0 && name.bytes().all(|c| c.is_ascii_graphic()) => name,
            _ => "-",
        }
    }
}

#[cfg(not(MODULE))]
#[kunit_tests(sluice_rust_console)]
mod tests {
    use super::*;

    #[test]
    fn records() -> Result {
        let record = Record::parse(b"30,160,424069,c;a\\x0ab;c\n").ok_or(EINVAL)?;
        assert_eq!((record.facility, record.level), (3, 6));
        assert_eq!(record.text, b"a\\x0ab;c");
        let empty = Record::parse(b"0,18446744073709551615,0,-;\n").ok_or(EINVAL)?;
        assert_eq!(empty.sequence, u64::MAX);
        assert_eq!(empty.text, b"");
        Ok(())
    }

    #[test]
    fn what_is_no_record() {
        for raw in [
            &b""[..],
            b"6",
            b"6,1;x\n",
            b"6,1,x;text\n",
            b"6,1,2,-;no end",
            b"-6,1,2,-;text\n",
            b"99999999999999999999,1,2,-;text\n",
        ] {
            assert_eq!(Record::parse(raw), None);
        }
    }

    #[test]
    fn the_clocks_agree() {
        let record = |usec| Record {
            facility: 0,
            level: 0,
            sequence: 0,
            usec,
            dropped: 0,
            text: b"",
        };
        let apart = record(5_000_000).time().abs_diff(record(2_000_000).time());
        assert!(apart.abs_diff(3_000_000) < 500_000);
    }
}
