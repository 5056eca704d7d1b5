// SPDX-License-Identifier: GPL-2.0

//! What is to be sent, and what may have to be sent again.
//!
//! Frames lie in a ring, and four positions in it never overtake each other:
//!
//! ```text
//! kept ≤ acknowledged ≤ sent ≤ end
//! ```
//!
//! A new connection begins at `kept`. That follows `acknowledged` at some distance in time: what a
//! server's TCP has acknowledged its program may not have read yet, and that is lost if it dies.

use kernel::prelude::*;

/// How long what was acknowledged is kept, in milliseconds.
pub(crate) const KEEP: u64 = 2_000;

pub(crate) struct Window {
    ring: KVVec<u8>,
    kept: u64,
    acknowledged: u64,
    sent: u64,
    end: u64,
    /// A position that was acknowledged, and when.
    mark: Option<(u64, u64)>,
}

impl Window {
    pub(crate) fn new(size: usize) -> Result<Self> {
        Ok(Self {
            ring: KVVec::from_elem(0, size, GFP_KERNEL)?,
            kept: 0,
            acknowledged: 0,
            sent: 0,
            end: 0,
            mark: None,
        })
    }

    /// Octets that wait to be sent.
    pub(crate) fn unsent(&self) -> u64 {
        self.end - self.sent
    }

    /// Octets that were sent on this connection, and are not known to have arrived.
    pub(crate) fn unacknowledged(&self) -> u64 {
        self.sent - self.acknowledged
    }

    /// Whether something is kept only for a time.
    pub(crate) fn keeps(&self) -> bool {
        self.kept < self.acknowledged
    }

    /// Adds a frame; returns whether there was room. It can take the place of what was acknowledged.
    pub(crate) fn push(&mut self, frame: &[u8]) -> bool {
        let size = self.ring.len() as u64;
        while self.end - self.kept + frame.len() as u64 > size {
            if self.kept == self.acknowledged {
                return false;
            }
            self.kept += self.frame_len(self.kept);
        }
        let start = self.index(self.end);
        let first = frame.len().min(self.ring.len() - start);
        self.ring[start..start + first].copy_from_slice(&frame[..first]);
        self.ring[..frame.len() - first].copy_from_slice(&frame[first..]);
        self.end += frame.len() as u64;
        true
    }

    /// Copies whole frames that are to be sent, as many as fit into what `batch` has allocated.
    pub(crate) fn take(&mut self, batch: &mut KVec<u8>) {
        batch.clear();
        while self.sent < self.end {
            let len = self.frame_len(self.sent) as usize;
            if len > batch.capacity() - batch.len() {
                break;
            }
            let start = self.index(self.sent);
            let first = len.min(self.ring.len() - start);
            // There is room.
            let _ = batch.extend_from_slice(&self.ring[start..start + first], GFP_NOWAIT);
            let _ = batch.extend_from_slice(&self.ring[..len - first], GFP_NOWAIT);
            self.sent += len as u64;
        }
    }

    /// All that was sent has arrived.
    pub(crate) fn acknowledge(&mut self, now: u64) {
        self.acknowledged = self.sent;
        self.expire(now);
        if self.mark.is_none() && self.keeps() {
            self.mark = Some((self.acknowledged, now));
        }
    }

    /// Keeps no more what was acknowledged long ago.
    pub(crate) fn expire(&mut self, now: u64) {
        if let Some((position, time)) = self.mark {
            if now.saturating_sub(time) >= KEEP {
                self.kept = self.kept.max(position);
                self.mark = self.keeps().then_some((self.acknowledged, now));
            }
        }
    }

    /// The connection has ended: until there is another, nothing ages.
    pub(crate) fn suspend(&mut self, now: u64) {
        self.expire(now);
        self.mark = None;
    }

    /// There is a new connection: what the last one may have lost is to be sent again.
    pub(crate) fn rewind(&mut self) {
        self.sent = self.kept;
        self.acknowledged = self.kept;
    }

    fn index(&self, position: u64) -> usize {
        (position % self.ring.len() as u64) as usize
    }

    /// How long the frame is that begins there: what it says, with the digits and the space.
    fn frame_len(&self, start: u64) -> u64 {
        let (mut at, mut len) = (start, 0);
        loop {
            let octet = self.ring[self.index(at)];
            at += 1;
            if octet == b' ' {
                return at - start + len;
            }
            len = len * 10 + u64::from(octet - b'0');
        }
    }
}

#[kunit_tests(sluice_rust_tlslog_window)]
mod tests {
    use super::*;

    fn taken<'a>(window: &mut Window, batch: &'a mut KVec<u8>) -> &'a [u8] {
        window.take(batch);
        batch
    }

    fn reconnect(window: &mut Window, ended: u64) {
        window.suspend(ended);
        window.rewind();
    }

    fn batch() -> Result<KVec<u8>> {
        Ok(KVec::with_capacity(64, GFP_KERNEL)?)
    }

    #[test]
    fn whole_frames_in_order() -> Result {
        let mut window = Window::new(100)?;
        let mut batch = KVec::with_capacity(10, GFP_KERNEL)?;
        // Where it says ten it may have more.
        let whole = batch.capacity() / 5;
        for _ in 0..whole + 1 {
            assert!(window.push(b"3 abc"));
        }
        assert_eq!(taken(&mut window, &mut batch).len(), whole * 5);
        assert_eq!(taken(&mut window, &mut batch), b"3 abc");
        assert_eq!(taken(&mut window, &mut batch), b"");
        Ok(())
    }

    #[test]
    fn round_and_round() -> Result {
        let mut window = Window::new(37)?;
        let mut batch = batch()?;
        for round in 0..100u64 {
            let frame: &[u8] = if round % 2 == 0 {
                b"10 0123456789"
            } else {
                b"3 abc"
            };
            assert!(window.push(frame));
            assert_eq!(taken(&mut window, &mut batch), frame);
            window.acknowledge(round);
        }
        Ok(())
    }

    #[test]
    fn full() -> Result {
        let mut window = Window::new(16)?;
        let mut batch = batch()?;
        for _ in 0..3 {
            assert!(window.push(b"3 abc"));
        }
        assert!(!window.push(b"3 def"));
        // Sent is not enough.
        window.take(&mut batch);
        assert!(!window.push(b"3 def"));
        // What has arrived makes room before its time, but no more than is needed.
        window.acknowledge(0);
        assert!(window.push(b"3 def"));
        reconnect(&mut window, 1);
        assert_eq!(taken(&mut window, &mut batch), b"3 abc3 abc3 def");
        Ok(())
    }

    #[test]
    fn the_unacknowledged_is_sent_again() -> Result {
        let mut window = Window::new(100)?;
        let mut batch = batch()?;
        assert!(window.push(b"1 a"));
        window.take(&mut batch);
        window.acknowledge(0);
        window.expire(KEEP);
        assert!(!window.keeps());
        assert!(window.push(b"1 b"));
        window.take(&mut batch);
        assert!(window.push(b"1 c"));
        assert_eq!(window.unacknowledged(), 3);
        assert_eq!(window.unsent(), 3);
        // However long it takes.
        reconnect(&mut window, 1_000_000);
        assert_eq!(taken(&mut window, &mut batch), b"1 b1 c");
        Ok(())
    }

    #[test]
    fn the_acknowledged_is_kept_for_a_time() -> Result {
        let mut window = Window::new(100)?;
        let mut batch = batch()?;
        for (frame, time) in [(b"1 a", 0), (b"1 b", 1_000), (b"1 c", 1_999)] {
            assert!(window.push(frame));
            window.take(&mut batch);
            window.acknowledge(time);
        }
        reconnect(&mut window, 1_999);
        assert_eq!(taken(&mut window, &mut batch), b"1 a1 b1 c");
        window.acknowledge(2_000);
        assert!(window.push(b"1 d"));
        window.take(&mut batch);
        window.acknowledge(2_001);
        // A mark is for all before it.
        reconnect(&mut window, 4_000);
        assert_eq!(taken(&mut window, &mut batch), b"1 d");
        window.acknowledge(4_000);
        reconnect(&mut window, 6_000);
        assert_eq!(taken(&mut window, &mut batch), b"");
        assert!(!window.keeps());
        Ok(())
    }

    #[test]
    fn nothing_ages_without_a_connection() -> Result {
        let mut window = Window::new(6)?;
        let mut batch = batch()?;
        for frame in [b"1 a", b"1 b"] {
            assert!(window.push(frame));
            window.take(&mut batch);
        }
        window.acknowledge(0);
        window.suspend(1_000);
        window.expire(1_000_000);
        assert!(window.keeps());
        // But it makes room.
        assert!(window.push(b"1 c"));
        window.rewind();
        assert_eq!(taken(&mut window, &mut batch), b"1 b1 c");
        Ok(())
    }
}
