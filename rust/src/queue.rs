// SPDX-License-Identifier: GPL-2.0

//! A workqueue of one's own.
//!
//! [`kernel::workqueue::Queue`] can't be made yet, only found; this is what is missing there.
//!
//! C header: [`include/linux/workqueue.h`](srctree/include/linux/workqueue.h)

use core::ops::Deref;
use core::ptr::NonNull;
use kernel::bindings;
use kernel::prelude::*;
use kernel::str::CStr;
use kernel::workqueue::Queue;

/// A workqueue that is unbound to CPUs, and that goes when it is dropped.
///
/// Dropping it waits for all that is queued, also for what that queues: so a driver that has its
/// work on a queue of its own can be unloaded. May sleep.
///
/// # Examples
///
/// ```
/// use kernel::sync::Arc;
/// use sluice::completion::Completion;
/// use sluice::queue::OwnedQueue;
///
/// let queue = OwnedQueue::new(c"example")?;
/// let done = Arc::pin_init(Completion::new(), GFP_KERNEL)?;
/// let theirs = done.clone();
/// queue.try_spawn(GFP_KERNEL, move || theirs.complete_all())?;
/// drop(queue);
/// assert!(done.is_done());
/// # Ok::<(), Error>(())
/// ```
///
/// # Invariants
///
/// The pointer is to a workqueue that is ours.
pub struct OwnedQueue(NonNull<bindings::workqueue_struct>);

// SAFETY: A workqueue belongs to no thread.
unsafe impl Send for OwnedQueue {}
// SAFETY: A workqueue has its own locks.
unsafe impl Sync for OwnedQueue {}

impl OwnedQueue {
    /// Makes one; `name` is what its workers show.
    ///
    /// Memory may be freed by way of it (WQ_MEM_RECLAIM). Fails with [`ENOMEM`]. May sleep.
    pub fn new(name: &CStr) -> Result<Self> {
        // CAST: Flags of `enum wq_flags`, which an `unsigned int` holds.
        let flags = (bindings::wq_flags_WQ_UNBOUND | bindings::wq_flags_WQ_MEM_RECLAIM)
            as kernel::ffi::c_uint;
        // SAFETY: The format takes one string, and there is one; it is copied.
        let queue = unsafe {
            bindings::alloc_workqueue_noprof(c"%s".as_char_ptr(), flags, 0, name.as_char_ptr())
        };
        // INVARIANT: It is new, and so ours.
        Ok(Self(NonNull::new(queue).ok_or(ENOMEM)?))
    }
}

impl Deref for OwnedQueue {
    type Target = Queue;

    fn deref(&self) -> &Queue {
        // SAFETY: It is valid for as long as it is ours.
        unsafe { Queue::from_raw(self.0.as_ptr()) }
    }
}

impl Drop for OwnedQueue {
    fn drop(&mut self) {
        // SAFETY: It is ours, and nobody has a reference to it any more.
        unsafe { bindings::destroy_workqueue(self.0.as_ptr()) };
    }
}
