//! A request to stop, looked at between batches of work.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::{Error, Result};

/// Shared between whoever works and whoever may change their mind.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Asks the work to stop. It ends with [`Error::Cancelled`] at its next batch.
    pub fn cancel(&self) {
        // Nothing is published through this flag, so no ordering is needed.
        self.0.store(true, Ordering::Relaxed);
    }

    /// Fails once the work was asked to stop.
    ///
    /// # Errors
    ///
    /// [`Error::Cancelled`].
    pub fn check(&self) -> Result<()> {
        if self.0.load(Ordering::Relaxed) { Err(Error::Cancelled) } else { Ok(()) }
    }
}
