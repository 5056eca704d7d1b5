// SPDX-License-Identifier: GPL-2.0

//! Where a session stands.

use crate::{
    bindings,
    Alert,
    CipherSuite, //
};

/// Where a session stands.
///
/// C header: `include/uapi/linux/sluice.h`
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SessionState {
    /// It was made.
    New,
    /// The agent is at work.
    Handshaking,
    /// Data goes both ways.
    Open,
    /// Our close_notify is on its way, or was sent.
    Closing,
    /// Both sides have ended in order, or the session was closed.
    Closed,
    /// An error has ended it.
    Failed,
}

impl SessionState {
    pub(crate) fn from_c(state: bindings::sluice_session_state) -> Self {
        match state {
            bindings::sluice_session_state_SLUICE_SESSION_NEW => Self::New,
            bindings::sluice_session_state_SLUICE_SESSION_HANDSHAKING => Self::Handshaking,
            bindings::sluice_session_state_SLUICE_SESSION_OPEN => Self::Open,
            bindings::sluice_session_state_SLUICE_SESSION_CLOSING => Self::Closing,
            bindings::sluice_session_state_SLUICE_SESSION_CLOSED => Self::Closed,
            _ => Self::Failed,
        }
    }
}

/// What a session has counted, and its alerts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Info {
    /// Its number, as `sluice stat` shows it.
    pub id: u64,
    /// The cipher suite.
    pub suite: Option<CipherSuite>,
    /// The last alert that the peer was sent.
    pub alert_sent: Option<Alert>,
    /// The last alert that the peer has sent.
    pub alert_received: Option<Alert>,
    /// Octets of data that were accepted for sending.
    pub tx_bytes: u64,
    /// Octets of data that were read.
    pub rx_bytes: u64,
    /// Records sent, of every type.
    pub tx_records: u64,
    /// Records received.
    pub rx_records: u64,
    /// How often the sending key was renewed.
    pub tx_key_updates: u64,
    /// How often the receiving key was renewed.
    pub rx_key_updates: u64,
    /// Tickets that were dropped.
    pub tickets: u64,
}

impl Info {
    pub(crate) fn from_c(info: &bindings::sluice_info) -> Self {
        Self {
            id: info.id,
            suite: CipherSuite::from_ktls(info.cipher_type),
            alert_sent: Alert::from_info(info.alert_sent),
            alert_received: Alert::from_info(info.alert_received),
            tx_bytes: info.tx_bytes,
            rx_bytes: info.rx_bytes,
            tx_records: info.tx_records,
            rx_records: info.rx_records,
            tx_key_updates: info.tx_key_updates,
            rx_key_updates: info.rx_key_updates,
            tickets: info.tickets,
        }
    }
}
