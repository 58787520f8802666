//! The few system calls that Node lacks, on file descriptors that Node opened.
//!
//! Times with nanoseconds, where a sparse file has data, extended attributes, a lock that dies
//! with its process, memory that stays out of core files, and memory that goes back. Where a
//! system has no such thing, the call fails with `ENOTSUP`, which callers handle like a file system
//! that has none.

mod memory;
#[cfg(unix)]
mod unix;
#[cfg(not(unix))]
mod unsupported;

use thiserror::Error;

pub use memory::give_memory_back;
#[cfg(unix)]
pub use unix::{
    Lock, data_extents, forbid_dumps, list_xattrs, rename_no_replace, set_link_times, set_times,
    set_xattr,
};
#[cfg(not(unix))]
pub use unsupported::{
    Lock, data_extents, forbid_dumps, list_xattrs, rename_no_replace, set_link_times, set_times,
    set_xattr,
};

/// More stretches of data than this are not told apart: the file is read as a whole.
pub const EXTENTS_MAX: usize = 65_536;
/// The most bytes of names that a list of attributes may have; Linux allows no more.
pub const XATTR_NAMES_BYTES_MAX: usize = 64 * 1024;
/// The most bytes that one attribute may have; Linux allows no more.
pub const XATTR_VALUE_BYTES_MAX: usize = 64 * 1024;

/// A system call that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the system says {code}")]
pub struct OsError {
    /// The system's name for it, such as `ENOENT`.
    pub code: &'static str,
}

/// The system or the file system has no such thing.
pub const NOT_SUPPORTED: OsError = OsError { code: "ENOTSUP" };

/// A result of this crate.
pub type Result<T> = core::result::Result<T, OsError>;

/// A stretch of a file that holds data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// Where it begins.
    pub offset: u64,
    /// Its length in bytes.
    pub length: u64,
}

/// An extended attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Xattr {
    /// With its namespace, such as `user.note`.
    pub name: Vec<u8>,
    /// Any bytes.
    pub value: Vec<u8>,
}
