//! Memory that was freed and still belongs to the process.

use crate::Result;

/// Give the system back what the allocator keeps for later. The C library of most Linux systems
/// returns only what lies at the end of its heap; other systems return by themselves.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub fn give_memory_back() -> Result<()> {
    // SAFETY: it takes the allocator's own locks, and touches no memory that is in use. That
    // nothing was left to return is no failure.
    unsafe { libc::malloc_trim(0) };
    Ok(())
}

/// Not supported.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn give_memory_back() -> Result<()> {
    Err(crate::NOT_SUPPORTED)
}
