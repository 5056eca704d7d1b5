// SPDX-License-Identifier: GPL-2.0

//! Memory that goes to a session and comes back.

use crate::{
    Data,
    Room, //
};
use kernel::page::{
    Page,
    PAGE_SIZE, //
};
use kernel::prelude::*;

/// Memory that can be sent.
///
/// Implement it for a type of one's own by what is in there; see [`Request`](crate::Request) for
/// how it is used.
///
/// # Examples
///
/// ```
/// use sluice::{Data, SendBuffer};
///
/// /// A message, and whom to tell of it.
/// struct Message {
///     text: KVec<u8>,
///     number: u64,
/// }
///
/// impl SendBuffer for Message {
///     fn data(&self) -> Data<'_> {
///         Data::Bytes(&self.text)
///     }
/// }
/// ```
pub trait SendBuffer: Send + 'static {
    /// What is to be sent.
    fn data(&self) -> Data<'_>;
}

/// Memory that can be filled.
pub trait RecvBuffer: Send + 'static {
    /// Where data is to go. Not empty: a request for nothing is done at once.
    fn room(&mut self) -> Room<'_>;

    /// So many octets have gone there.
    fn filled(&mut self, _len: usize) {}
}

impl SendBuffer for KVec<u8> {
    fn data(&self) -> Data<'_> {
        Data::Bytes(self)
    }
}

/// Filled as far as it is long.
impl RecvBuffer for KVec<u8> {
    fn room(&mut self) -> Room<'_> {
        Room::Bytes(self)
    }
}

impl SendBuffer for KBox<[u8]> {
    fn data(&self) -> Data<'_> {
        Data::Bytes(self)
    }
}

impl RecvBuffer for KBox<[u8]> {
    fn room(&mut self) -> Room<'_> {
        Room::Bytes(self)
    }
}

impl SendBuffer for &'static [u8] {
    fn data(&self) -> Data<'_> {
        Data::Bytes(self)
    }
}

/// The whole page, without a copy.
impl SendBuffer for Page {
    fn data(&self) -> Data<'_> {
        Data::Page(self, 0, PAGE_SIZE)
    }
}

impl RecvBuffer for Page {
    fn room(&mut self) -> Room<'_> {
        Room::Page(self, 0, PAGE_SIZE)
    }
}

/// A buffer of a fixed size that knows how much of it is data.
///
/// It is received into from its start, and what was received can be sent: what an echo or a relay
/// passes from one request to the other.
///
/// # Examples
///
/// ```
/// use sluice::Block;
///
/// let mut block = Block::new(16384, GFP_KERNEL)?;
/// assert!(block.is_empty());
/// block.copy_from(b"hello")?;
/// assert_eq!(&block[..], b"hello");
/// assert!(block.copy_from(&[0; 20000]).is_err());
/// # Ok::<(), Error>(())
/// ```
pub struct Block {
    memory: KVVec<u8>,
    len: usize,
}

impl Block {
    /// Makes an empty one with room for `size` octets.
    pub fn new(size: usize, flags: kernel::alloc::Flags) -> Result<Self> {
        Ok(Self {
            memory: KVVec::from_elem(0, size, flags)?,
            len: 0,
        })
    }

    /// Makes these octets its data. Fails with [`EMSGSIZE`] if they have no room.
    pub fn copy_from(&mut self, data: &[u8]) -> Result {
        let room = self.memory.get_mut(..data.len()).ok_or(EMSGSIZE)?;
        room.copy_from_slice(data);
        self.len = data.len();
        Ok(())
    }
}

impl core::ops::Deref for Block {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.memory.get(..self.len).unwrap_or(&[])
    }
}

impl SendBuffer for Block {
    fn data(&self) -> Data<'_> {
        Data::Bytes(self)
    }
}

impl RecvBuffer for Block {
    fn room(&mut self) -> Room<'_> {
        Room::Bytes(&mut self.memory)
    }

    fn filled(&mut self, len: usize) {
        self.len = len;
    }
}
