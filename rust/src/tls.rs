// SPDX-License-Identifier: GPL-2.0

//! The protocol's own numbers.
//!
//! Reference: RFC 9846, sections 4.6.3, 5.1, 6 and B.4.

#[cfg(not(MODULE))]
use kernel::prelude::*;

/// Makes an enum of registered numbers, with conversions both ways.
///
/// Every number converts to a value: those that are not registered to `Unknown`.
macro_rules! numbers {
    (
        $(#[$meta:meta])*
        pub enum $name:ident: $int:ty {
            $($(#[$vmeta:meta])* $variant:ident = $value:literal,)*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$vmeta])* $variant,)*
            /// A number that RFC 9846 does not have.
            Unknown($int),
        }

        impl $name {
            /// Every value that has a name.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];
        }

        impl From<$int> for $name {
            fn from(number: $int) -> Self {
                match number {
                    $($value => Self::$variant,)*
                    other => Self::Unknown(other),
                }
            }
        }

        impl From<$name> for $int {
            fn from(value: $name) -> $int {
                match value {
                    $($name::$variant => $value,)*
                    $name::Unknown(number) => number,
                }
            }
        }
    };
}

numbers! {
    /// What an alert says: `AlertDescription` (RFC 9846, section 6).
    ///
    /// # Examples
    ///
    /// ```
    /// use sluice::Alert;
    ///
    /// assert_eq!(Alert::from(48), Alert::UnknownCa);
    /// assert!(Alert::UnknownCa.is_fatal());
    /// assert!(!Alert::CloseNotify.is_fatal());
    /// ```
    pub enum Alert: u8 {
        /// The sender will send no more: the orderly end.
        CloseNotify = 0,
        /// A message that may not come now.
        UnexpectedMessage = 10,
        /// A record that does not authenticate.
        BadRecordMac = 20,
        /// A record that is too long.
        RecordOverflow = 22,
        /// No acceptable set of parameters.
        HandshakeFailure = 40,
        /// A certificate that is corrupt, or whose signature is wrong.
        BadCertificate = 42,
        /// A certificate of a type that is not supported.
        UnsupportedCertificate = 43,
        /// A certificate that its signer has revoked.
        CertificateRevoked = 44,
        /// A certificate that is not valid at this time.
        CertificateExpired = 45,
        /// A certificate that is not acceptable for some other reason.
        CertificateUnknown = 46,
        /// A field of a handshake message makes no sense.
        IllegalParameter = 47,
        /// No trusted authority for a certificate.
        UnknownCa = 48,
        /// A valid certificate or PSK, but no access.
        AccessDenied = 49,
        /// A message that does not parse.
        DecodeError = 50,
        /// A handshake signature or Finished that does not verify.
        DecryptError = 51,
        /// A protocol version that is not supported.
        ProtocolVersion = 70,
        /// Parameters that are less secure than required.
        InsufficientSecurity = 71,
        /// An error that has nothing to do with the peer.
        InternalError = 80,
        /// A retry at a lower version that was not needed.
        InappropriateFallback = 86,
        /// The user has cancelled the handshake.
        UserCanceled = 90,
        /// An extension that must be there is not.
        MissingExtension = 109,
        /// An extension that may not be there is.
        UnsupportedExtension = 110,
        /// No server of the name that was asked for.
        UnrecognizedName = 112,
        /// An OCSP response that is not acceptable.
        BadCertificateStatusResponse = 113,
        /// A PSK identity that is not known.
        UnknownPskIdentity = 115,
        /// A client certificate is needed.
        CertificateRequired = 116,
        /// An error that no other alert names.
        GeneralError = 117,
        /// No application protocol in common.
        NoApplicationProtocol = 120,
    }
}

impl Alert {
    /// Whether the alert ends the connection at once.
    ///
    /// In TLS 1.3 that goes by its description, whatever level the peer wrote, and one that is not
    /// known is fatal.
    pub fn is_fatal(self) -> bool {
        !matches!(self, Self::CloseNotify | Self::UserCanceled)
    }

    /// The alert in a field of `struct sluice_info`, which has a value for "none".
    pub(crate) fn from_info(field: u16) -> Option<Self> {
        u8::try_from(field).ok().map(Self::from)
    }
}

numbers! {
    /// What a record carries: `ContentType` (RFC 9846, section 5.1).
    ///
    /// A session's data is [`RecordType::ApplicationData`]; the others are the session's own
    /// business.
    ///
    /// # Examples
    ///
    /// ```
    /// use sluice::RecordType;
    ///
    /// assert_eq!(u8::from(RecordType::Alert), 21);
    /// ```
    pub enum RecordType: u8 {
        /// Only for the sake of middleboxes.
        ChangeCipherSpec = 20,
        /// An [`Alert`](crate::Alert).
        Alert = 21,
        /// A ticket or a KeyUpdate, after the handshake.
        Handshake = 22,
        /// Data.
        ApplicationData = 23,
    }
}

numbers! {
    /// A cipher suite of TLS 1.3 (RFC 9846, section B.4).
    ///
    /// # Examples
    ///
    /// ```
    /// use sluice::CipherSuite;
    ///
    /// assert_eq!(CipherSuite::from(0x1302), CipherSuite::Aes256GcmSha384);
    /// assert_eq!(CipherSuite::Aes256GcmSha384.secret_len(), Some(48));
    /// ```
    pub enum CipherSuite: u16 {
        /// TLS_AES_128_GCM_SHA256.
        Aes128GcmSha256 = 0x1301,
        /// TLS_AES_256_GCM_SHA384.
        Aes256GcmSha384 = 0x1302,
        /// TLS_CHACHA20_POLY1305_SHA256.
        Chacha20Poly1305Sha256 = 0x1303,
    }
}

/// kTLS's number for each suite that a session can have.
///
/// C header: [`include/uapi/linux/tls.h`](srctree/include/uapi/linux/tls.h)
const KTLS: &[(CipherSuite, u16)] = &[
    (CipherSuite::Aes128GcmSha256, 51),
    (CipherSuite::Aes256GcmSha384, 52),
    (CipherSuite::Chacha20Poly1305Sha256, 54),
];

impl CipherSuite {
    /// The octets of a traffic secret: those of the suite's hash.
    pub fn secret_len(self) -> Option<usize> {
        match self {
            Self::Aes128GcmSha256 | Self::Chacha20Poly1305Sha256 => Some(32),
            Self::Aes256GcmSha384 => Some(48),
            Self::Unknown(_) => None,
        }
    }

    /// kTLS's number for the suite.
    pub(crate) fn to_ktls(self) -> Option<u16> {
        KTLS.iter().find(|(suite, _)| *suite == self).map(|p| p.1)
    }

    /// The suite of kTLS's number.
    pub(crate) fn from_ktls(number: u16) -> Option<Self> {
        KTLS.iter().find(|(_, n)| *n == number).map(|p| p.0)
    }
}

/// Whose keys are to be renewed: `KeyUpdateRequest` (RFC 9846, section 4.6.3).
///
/// # Examples
///
/// ```
/// use sluice::KeyUpdate;
///
/// assert_eq!(u8::from(KeyUpdate::Requested), 1);
/// assert_eq!(KeyUpdate::try_from(2), Err(EINVAL));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyUpdate {
    /// Ours, `update_not_requested`.
    NotRequested,
    /// Ours, and the peer is to renew its own: `update_requested`.
    Requested,
}

impl From<KeyUpdate> for u8 {
    fn from(update: KeyUpdate) -> u8 {
        match update {
            KeyUpdate::NotRequested => 0,
            KeyUpdate::Requested => 1,
        }
    }
}

impl TryFrom<u8> for KeyUpdate {
    type Error = kernel::error::Error;

    /// Fails with [`EINVAL`](kernel::error::code::EINVAL); the protocol has it end the connection.
    fn try_from(number: u8) -> Result<Self, Self::Error> {
        match number {
            0 => Ok(Self::NotRequested),
            1 => Ok(Self::Requested),
            _ => Err(kernel::error::code::EINVAL),
        }
    }
}

#[cfg(not(MODULE))]
#[kunit_tests(sluice_rust_tls)]
mod tests {
    use super::*;

    #[test]
    fn numbers_convert_both_ways() {
        for number in 0..=u8::MAX {
            assert_eq!(u8::from(Alert::from(number)), number);
            assert_eq!(u8::from(RecordType::from(number)), number);
            match KeyUpdate::try_from(number) {
                Ok(update) => assert_eq!(u8::from(update), number),
                Err(error) => assert!(error == EINVAL && number > 1),
            }
        }
        for number in 0..=u16::MAX {
            assert_eq!(u16::from(CipherSuite::from(number)), number);
        }
    }

    #[test]
    fn names_are_for_known_numbers() {
        assert_eq!(Alert::ALL.len(), 28);
        for alert in Alert::ALL {
            assert!(!matches!(*alert, Alert::Unknown(_)));
            assert_eq!(Alert::from(u8::from(*alert)), *alert);
        }
        assert!(Alert::Unknown(99).is_fatal());
        assert!(!Alert::UserCanceled.is_fatal());
    }

    #[test]
    fn ktls_knows_every_suite() {
        for suite in CipherSuite::ALL {
            let number = suite.to_ktls();
            assert!(number.is_some());
            assert_eq!(number.and_then(CipherSuite::from_ktls), Some(*suite));
            assert!(suite.secret_len().is_some());
        }
        assert_eq!(CipherSuite::Unknown(1).to_ktls(), None);
        assert_eq!(CipherSuite::from_ktls(1), None);
    }
}
