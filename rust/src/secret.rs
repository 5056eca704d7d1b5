// SPDX-License-Identifier: GPL-2.0

//! Traffic secrets, for as long as they are in our hands.

use crate::{
    ffi,
    CipherSuite, //
};
use kernel::prelude::*;

/// The longest secret: that of a suite with SHA-384.
const MAX: usize = 48;

/// A traffic secret of one direction (RFC 9846, section 7.2).
///
/// It is overwritten when it is dropped, can't be copied, and does not print. It is in memory of its
/// own, so that a move leaves nothing behind.
///
/// # Examples
///
/// ```
/// use sluice::{CipherSuite, TrafficSecret};
///
/// let secret = TrafficSecret::new(CipherSuite::Aes128GcmSha256, &[7; 32])?;
/// assert_eq!(secret.suite(), CipherSuite::Aes128GcmSha256);
///
/// // The length is that of the suite's hash.
/// assert!(TrafficSecret::new(CipherSuite::Aes256GcmSha384, &[7; 32]).is_err());
/// # Ok::<(), Error>(())
/// ```
pub struct TrafficSecret {
    suite: CipherSuite,
    octets: KBox<[u8; MAX]>,
}

impl TrafficSecret {
    /// Takes a copy of a secret; the caller wipes the original.
    ///
    /// Fails with [`EINVAL`] if it does not have the length of the suite's hash, and [`ENOMEM`]. May
    /// sleep.
    pub fn new(suite: CipherSuite, secret: &[u8]) -> Result<Self> {
        if suite.secret_len() != Some(secret.len()) {
            return Err(EINVAL);
        }
        let mut this = Self {
            suite,
            octets: KBox::new([0; MAX], GFP_KERNEL)?,
        };
        this.octets[..secret.len()].copy_from_slice(secret);
        Ok(this)
    }

    /// The cipher suite that it is for.
    pub fn suite(&self) -> CipherSuite {
        self.suite
    }

    /// The secret, with zeros behind a short one.
    pub(crate) fn octets(&self) -> &[u8; MAX] {
        &self.octets
    }
}

impl Drop for TrafficSecret {
    fn drop(&mut self) {
        ffi::wipe(&mut *self.octets);
    }
}

#[cfg(not(MODULE))]
#[kunit_tests(sluice_rust_secret)]
mod tests {
    use super::*;

    #[test]
    fn secrets_have_their_length() {
        for len in 0..=64 {
            let octets = [1; 64];
            let fits = TrafficSecret::new(CipherSuite::Aes128GcmSha256, &octets[..len]).is_ok();
            assert_eq!(fits, len == 32);
        }
        assert!(TrafficSecret::new(CipherSuite::Unknown(0), &[]).is_err());
    }
}
