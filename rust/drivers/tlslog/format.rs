// SPDX-License-Identifier: GPL-2.0

//! Lines of the log as syslog messages (RFC 5424), each in a frame (RFC 5425).

use core::fmt::{
    self,
    Write, //
};
use kernel::prelude::*;

/// More than the longest record makes: printk cuts lines at 1024 octets, of which an escape makes
/// four each, in 2048 with what stands in front.
const MAX: usize = 2560;
/// Room for the length in front of a message.
const LENGTH: usize = 5;

/// What stands in front of the text.
pub(crate) struct Head<'a> {
    pub(crate) facility: u32,
    pub(crate) level: u8,
    /// Microseconds since 1970.
    pub(crate) time: u64,
    pub(crate) host: &'a str,
    pub(crate) app: &'a str,
    /// The record's number in the kernel's log.
    pub(crate) sequence: Option<u64>,
}

/// Room for one message, and for its text meanwhile. It allocates when it is made, and not again.
pub(crate) struct Line {
    frame: KVec<u8>,
    plain: KVec<u8>,
}

impl Line {
    pub(crate) fn new() -> Result<Self> {
        Ok(Self {
            frame: KVec::with_capacity(MAX, GFP_KERNEL)?,
            plain: KVec::with_capacity(MAX, GFP_KERNEL)?,
        })
    }

    /// A line of the kernel's log, whose text has the escapes of /dev/kmsg.
    pub(crate) fn record(&mut self, head: &Head<'_>, text: &[u8]) -> &[u8] {
        self.begin(head);
        unescape(text, &mut self.plain);
        for chunk in self.plain.utf8_chunks() {
            for c in chunk.valid().chars() {
                let mut room = [0; 4];
                let octets = c.encode_utf8(&mut room).as_bytes();
                if c.is_control() {
                    escape(&mut self.frame, octets);
                } else {
                    put(&mut self.frame, octets);
                }
            }
            escape(&mut self.frame, chunk.invalid());
        }
        self.end()
    }

    /// A line of the driver's own.
    pub(crate) fn own(&mut self, head: &Head<'_>, text: fmt::Arguments<'_>) -> &[u8] {
        self.begin(head);
        let _ = Sink(&mut self.frame).write_fmt(text);
        self.end()
    }

    fn begin(&mut self, head: &Head<'_>) {
        self.frame.clear();
        put(&mut self.frame, &[b' '; LENGTH]);
        // What finds no room is cut off.
        let _ = Sink(&mut self.frame).head(head);
    }

    /// Puts the length in front.
    fn end(&mut self) -> &[u8] {
        let mut length = self.frame.len() - LENGTH;
        let mut start = LENGTH - 1;
        while length > 0 && start > 0 {
            start -= 1;
            // CAST: A digit.
            self.frame[start] = b'0' + (length % 10) as u8;
            length /= 10;
        }
        &self.frame[start..]
    }
}

/// Adds octets, all or none, where there is room.
fn put(frame: &mut KVec<u8>, octets: &[u8]) {
    if octets.len() <= frame.capacity().min(MAX) - frame.len() {
        // It allocates nothing, so it does not fail.
        let _ = frame.extend_from_slice(octets, GFP_NOWAIT);
    }
}

fn escape(frame: &mut KVec<u8>, octets: &[u8]) {
    for octet in octets {
        let digit = |n: u8| b"0123456789abcdef"[usize::from(n & 15)];
        put(frame, &[b'\\', b'x', digit(octet >> 4), digit(*octet)]);
    }
}

/// Undoes printk's escapes.
fn unescape(text: &[u8], plain: &mut KVec<u8>) {
    plain.clear();
    let mut rest = text;
    while let Some((first, others)) = rest.split_first() {
        let escaped = match rest {
            [b'\\', b'x', high, low, ..] => hex(*high).zip(hex(*low)),
            _ => None,
        };
        if let Some((high, low)) = escaped {
            put(plain, &[high << 4 | low]);
            rest = &rest[4..];
        } else {
            put(plain, &[*first]);
            rest = others;
        }
    }
}

fn hex(digit: u8) -> Option<u8> {
    // CAST: Less than 16.
    char::from(digit).to_digit(16).map(|n| n as u8)
}

struct Sink<'a>(&'a mut KVec<u8>);

impl Write for Sink<'_> {
    fn write_str(&mut self, s: &str) -> fmt::Result {
        put(self.0, s.as_bytes());
        Ok(())
    }
}

impl Sink<'_> {
    fn head(&mut self, head: &Head<'_>) -> fmt::Result {
        let priority = head.facility * 8 + u32::from(head.level);
        write!(self, "<{priority}>1 ")?;
        self.time(head.time)?;
        write!(self, " {} {} - - ", head.host, head.app)?;
        match head.sequence {
            // RFC 5424, section 7.3.1: from 1 to 2^31 - 1, then from 1 again.
            Some(n) => write!(self, "[meta sequenceId=\"{}\"] ", n % 0x7fff_ffff + 1),
            None => self.write_str("- "),
        }
    }

    /// A time of RFC 3339. The date by the algorithm of H. Hinnant: years begin in March.
    fn time(&mut self, usec: u64) -> fmt::Result {
        let (seconds, micros) = (usec / 1_000_000, usec % 1_000_000);
        let (days, second) = (seconds / 86_400 + 719_468, seconds % 86_400);
        let (era, day_of_era) = (days / 146_097, days % 146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = (month_from_march + 2) % 12 + 1;
        let year = era * 400 + year_of_era + u64::from(month <= 2);
        write!(
            self,
            "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{micros:06}Z",
            second / 3600,
            second / 60 % 60,
            second % 60
        )
    }
}

#[kunit_tests(sluice_rust_tlslog_format)]
mod tests {
    use super::*;

    fn head(time: u64, sequence: Option<u64>) -> Head<'static> {
        Head {
            facility: 0,
            level: 4,
            time,
            host: "moon",
            app: "kernel",
            sequence,
        }
    }

    #[test]
    fn a_record() -> Result {
        let mut line = Line::new()?;
        assert_eq!(
            line.record(&head(1_582_934_399_999_999, Some(41)), b"eth0: link up"),
            b"85 <4>1 2020-02-28T23:59:59.999999Z moon kernel - - [meta sequenceId=\"42\"] eth0: link up"
        );
        // The same room again.
        assert_eq!(
            line.own(&head(0, None), fmt!("{} lost", 3)),
            b"57 <4>1 1970-01-01T00:00:00.000000Z moon kernel - - - 3 lost"
        );
        Ok(())
    }

    #[test]
    fn dates() -> Result {
        let mut line = Line::new()?;
        for (seconds, date) in [
            (951_782_400, "2000-02-29T00:00:00"),
            (951_868_800, "2000-03-01T00:00:00"),
            (1_767_225_599, "2025-12-31T23:59:59"),
            (1_767_225_600, "2026-01-01T00:00:00"),
            (4_107_542_399, "2100-02-28T23:59:59"),
            (4_107_542_400, "2100-03-01T00:00:00"),
        ] {
            let frame = line.record(&head(seconds * 1_000_000, None), b"");
            assert_eq!(&frame[8..27], date.as_bytes());
        }
        Ok(())
    }

    #[test]
    fn sequence_numbers_begin_again() -> Result {
        let mut line = Line::new()?;
        for (sequence, id) in [
            (0, "\"1\""),
            (0x7fff_fffe, "\"2147483647\""),
            (0x7fff_ffff, "\"1\""),
        ] {
            let frame = line.record(&head(0, Some(sequence)), b"");
            let text = core::str::from_utf8(frame).map_err(|_| EINVAL)?;
            assert!(text.contains(id));
        }
        Ok(())
    }

    #[test]
    fn escapes() -> Result {
        let mut line = Line::new()?;
        for (text, message) in [
            // What is UTF-8 is shown.
            (&b"\\xc3\\xa4\\xe2\\x82\\xac"[..], "ä€"),
            (b"C:\\x5cDOS", "C:\\DOS"),
            // What is not, and what moves a terminal, is not.
            (b"\\xc3(\\xff", "\\xc3(\\xff"),
            (b"a\\x0ab\\x1b[1m\\x00", "a\\x0ab\\x1b[1m\\x00"),
            (b"\\xc2\\x9b", "\\xc2\\x9b"),
            // No escapes.
            (b"\\x", "\\x"),
            (b"\\xg0\\x1", "\\xg0\\x1"),
        ] {
            let frame = line.record(&head(0, None), text);
            assert!(frame.ends_with(message.as_bytes()));
            assert_eq!(frame.len(), 3 + 51 + message.len());
        }
        Ok(())
    }

    #[test]
    fn too_long() -> Result {
        let mut line = Line::new()?;
        let text = KVec::from_elem(b'x', 5000, GFP_KERNEL)?;
        let frame = line.record(&head(0, None), &text);
        assert_eq!(frame.len(), MAX);
        assert!(frame.starts_with(b"2555 <4>1 "));
        Ok(())
    }
}
