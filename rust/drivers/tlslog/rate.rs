// SPDX-License-Identifier: GPL-2.0

//! How often things are done.

use kernel::prelude::*;

/// Milliseconds between attempts to connect.
pub(crate) struct Backoff(u64);

impl Backoff {
    const FIRST: u64 = 250;
    const LAST: u64 = 30_000;

    pub(crate) const fn new() -> Self {
        Self(Self::FIRST)
    }

    /// The next pause: twice the last one, up to half a minute, of which `random` takes away up to
    /// a half. So machines that have lost a server together don't come back together.
    pub(crate) fn next(&mut self, random: u64) -> u64 {
        let pause = self.0 - random % (self.0 / 2);
        self.0 = (self.0 * 2).min(Self::LAST);
        pause
    }
}

/// Lines that may be sent about sending: some at once, then one a second.
///
/// Without a limit a line that is printed because a line was sent makes another one, for ever.
pub(crate) struct Budget {
    left: u64,
    since: u64,
}

impl Budget {
    pub(crate) const BURST: u64 = 10;
    const EACH: u64 = 1_000;

    pub(crate) const fn new() -> Self {
        Self {
            left: Self::BURST,
            since: 0,
        }
    }

    /// Whether there is one left for a line of this time, in milliseconds.
    pub(crate) fn spend(&mut self, now: u64) -> bool {
        let more = now.saturating_sub(self.since) / Self::EACH;
        self.since += more * Self::EACH;
        self.left = (self.left + more).min(Self::BURST);
        if self.left == 0 {
            return false;
        }
        self.left -= 1;
        true
    }
}

/// Whether a line is the driver's own, or its transport's.
pub(crate) fn is_own(text: &[u8]) -> bool {
    text.starts_with(b"tlslog: ") || text.starts_with(b"sluice: ")
}

#[kunit_tests(sluice_rust_tlslog_rate)]
mod tests {
    use super::*;

    #[test]
    fn back_off() {
        let mut backoff = Backoff::new();
        for pause in [250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000] {
            assert_eq!(backoff.next(0), pause);
        }
        for random in [1, 14_999, 15_000, u64::MAX] {
            assert!((15_001..=30_000).contains(&backoff.next(random)));
        }
        let mut other = Backoff::new();
        assert_eq!(other.next(100), 150);
    }

    #[test]
    fn a_budget() {
        let mut budget = Budget::new();
        for _ in 0..Budget::BURST {
            assert!(budget.spend(500));
        }
        assert!(!budget.spend(999));
        assert!(budget.spend(1_000));
        assert!(!budget.spend(1_999));
        assert!(budget.spend(3_500));
        assert!(budget.spend(3_500));
        assert!(!budget.spend(3_999));
        // No more is saved up than at the start.
        let saved = (0..100).filter(|_| budget.spend(1_000_000)).count() as u64;
        assert_eq!(saved, Budget::BURST);
    }

    #[test]
    fn whose_it_is() {
        assert!(is_own(b"tlslog: connected"));
        assert!(is_own(b"sluice: something"));
        assert!(!is_own(b"usb 1-1: tlslog: no"));
        assert!(!is_own(b"sluice"));
    }
}
