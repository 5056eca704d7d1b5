// SPDX-License-Identifier: GPL-2.0

//! Completions that can be waited for with a time-out, or until a signal comes.
//!
//! [`kernel::sync::Completion`] has neither yet; this is what is missing there.
//!
//! C header: [`include/linux/completion.h`](srctree/include/linux/completion.h)

use kernel::bindings;
use kernel::error::to_result;
use kernel::prelude::*;
use kernel::time::Jiffies;
use kernel::types::Opaque;

/// Something that will have happened, once.
///
/// # Examples
///
/// ```
/// use kernel::sync::Arc;
/// use sluice::completion::Completion;
///
/// let done = Arc::pin_init(Completion::new(), GFP_KERNEL)?;
/// assert!(!done.wait_for_completion_timeout(1));
///
/// done.complete_all();
/// assert!(done.is_done());
/// assert!(done.wait_for_completion_timeout(1));
/// done.wait_for_completion_interruptible()?;
/// # Ok::<(), Error>(())
/// ```
#[pin_data]
pub struct Completion {
    #[pin]
    inner: Opaque<bindings::completion>,
}

// SAFETY: A completion may be sent to any task.
unsafe impl Send for Completion {}
// SAFETY: A completion has a lock of its own.
unsafe impl Sync for Completion {}

impl Completion {
    /// Creates an initialiser for one that is not done.
    pub fn new() -> impl PinInit<Self> {
        pin_init!(Self {
            inner <- Opaque::ffi_init(|slot: *mut bindings::completion| {
                // SAFETY: `slot` is valid for writes.
                unsafe { bindings::init_completion(slot) };
            }),
        })
    }

    /// Wakes all who wait, or will. Any context.
    pub fn complete_all(&self) {
        // SAFETY: The completion was initialised.
        unsafe { bindings::complete_all(self.inner.get()) };
    }

    /// Whether [`complete_all`](Self::complete_all) was called. Any context.
    pub fn is_done(&self) -> bool {
        // SAFETY: The completion was initialised.
        unsafe { bindings::completion_done(self.inner.get()) }
    }

    /// Waits for at most some time; returns whether it is done. May sleep.
    pub fn wait_for_completion_timeout(&self, timeout: Jiffies) -> bool {
        // SAFETY: The completion was initialised.
        unsafe { bindings::wait_for_completion_timeout(self.inner.get(), timeout) != 0 }
    }

    /// Waits until it is done. Fails with `ERESTARTSYS` if a signal comes before. May sleep.
    pub fn wait_for_completion_interruptible(&self) -> Result {
        // SAFETY: The completion was initialised.
        to_result(unsafe { bindings::wait_for_completion_interruptible(self.inner.get()) })
    }
}
