// SPDX-License-Identifier: GPL-2.0

//! Names that a server has to prove.

use core::fmt::Write;
use core::net::IpAddr;
use kernel::prelude::*;
use kernel::str::CStr;

/// The longest DNS name that is written without its final dot.
const MAX: usize = 253;

/// The name of a server: a DNS name or an IP address.
///
/// The server's certificate has to have it among its alternative names, of that type (RFC 9525).
/// A DNS name also goes out as the SNI.
///
/// # Examples
///
/// ```
/// use sluice::ServerName;
///
/// assert!(ServerName::try_from("example.org").is_ok());
/// assert!(ServerName::try_from("2001:db8::1").is_ok());
/// assert!(ServerName::try_from("not a name").is_err());
/// assert!(ServerName::try_from("").is_err());
/// ```
#[derive(Clone)]
pub struct ServerName {
    /// With a zero octet behind it.
    text: [u8; MAX + 1],
    len: usize,
}

impl ServerName {
    /// The name in its text form.
    pub fn as_str(&self) -> &str {
        // What is in there is ASCII.
        core::str::from_utf8(&self.text[..self.len]).unwrap_or("")
    }

    /// The same for C.
    pub(crate) fn as_cstr(&self) -> &CStr {
        CStr::from_bytes_with_nul(&self.text[..=self.len]).unwrap_or(c"")
    }

    fn push(&mut self, octets: &[u8]) -> Result {
        let room = self.text.get_mut(self.len..MAX).ok_or(EINVAL)?;
        let room = room.get_mut(..octets.len()).ok_or(EINVAL)?;
        room.copy_from_slice(octets);
        self.len += octets.len();
        Ok(())
    }

    const EMPTY: Self = Self {
        text: [0; MAX + 1],
        len: 0,
    };
}

impl Write for ServerName {
    fn write_str(&mut self, s: &str) -> core::fmt::Result {
        self.push(s.as_bytes()).map_err(|_| core::fmt::Error)
    }
}

/// Whether it is a label of a host's name: letters, digits, hyphens within, underscores.
fn is_label(label: &[u8]) -> bool {
    (1..=63).contains(&label.len())
        && !label.starts_with(b"-")
        && !label.ends_with(b"-")
        && label
            .iter()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_'))
}

impl TryFrom<&str> for ServerName {
    type Error = Error;

    /// Fails with [`EINVAL`] if it is neither a host's name nor an IP address.
    fn try_from(text: &str) -> Result<Self> {
        if let Ok(ip) = text.parse::<IpAddr>() {
            return Ok(ip.into());
        }
        // One dot at the end says that the name is complete; the SNI has none.
        let name = text.strip_suffix('.').unwrap_or(text).as_bytes();
        let mut labels = name.split(|c| *c == b'.');
        let last_is_number = labels
            .clone()
            .last()
            .is_some_and(|label| label.iter().all(u8::is_ascii_digit));
        if last_is_number || !labels.all(is_label) {
            return Err(EINVAL);
        }
        let mut this = Self::EMPTY;
        this.push(name)?;
        Ok(this)
    }
}

impl From<IpAddr> for ServerName {
    fn from(ip: IpAddr) -> Self {
        let mut this = Self::EMPTY;
        // The longest address has 45 characters.
        let _ = write!(this, "{ip}");
        this
    }
}

#[cfg(not(MODULE))]
#[kunit_tests(sluice_rust_name)]
mod tests {
    use super::*;

    #[test]
    fn server_names() -> Result {
        for good in [
            "a",
            "example.org",
            "example.org.",
            "xn--bcher-kva.example",
            "a_b.c",
            "127.0.0.1",
            "::1",
            "2001:db8::1",
            "1a.example",
            "3com.example",
        ] {
            let name = ServerName::try_from(good)?;
            assert_eq!(name.as_str(), good.trim_end_matches('.'));
            assert_eq!(name.as_cstr().to_bytes(), name.as_str().as_bytes());
        }
        for bad in [
            "",
            ".",
            "..",
            "a..b",
            ".a",
            "-a",
            "a-",
            "a b",
            "a\0b",
            "a/b",
            "1.2.3",
            "1.2.3.4.5",
            "[::1]",
            "b\u{fc}cher.example",
        ] {
            assert_eq!(ServerName::try_from(bad).err(), Some(EINVAL));
        }
        // A label has 63 characters, a name 253.
        let label = "a23456789012345678901234567890123456789012345678901234567890123";
        assert!(ServerName::try_from(label).is_ok());
        let mut long = KVec::new();
        for part in [label, ".", label, ".", label, ".", &label[..61]] {
            long.extend_from_slice(part.as_bytes(), GFP_KERNEL)?;
        }
        assert_eq!(long.len(), 253);
        assert!(ServerName::try_from(core::str::from_utf8(&long)?).is_ok());
        long.push(b'a', GFP_KERNEL)?;
        assert!(ServerName::try_from(core::str::from_utf8(&long)?).is_err());
        Ok(())
    }
}
