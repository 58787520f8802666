//! Systems that are not Unix.

use crate::{Extent, NOT_SUPPORTED, Result, Xattr};

/// A lock nobody can hold here.
#[derive(Debug)]
pub enum Lock {}

impl Lock {
    /// Not supported.
    pub fn try_exclusive(_path: &[u8]) -> Result<Option<Self>> {
        Err(NOT_SUPPORTED)
    }
}

/// Not supported.
pub fn set_times(_fd: i32, _mtime_ns: i64) -> Result<()> {
    Err(NOT_SUPPORTED)
}

/// Not supported.
pub fn set_link_times(_path: &[u8], _mtime_ns: i64) -> Result<()> {
    Err(NOT_SUPPORTED)
}

/// Not supported.
pub fn rename_no_replace(_from: &[u8], _to: &[u8]) -> Result<()> {
    Err(NOT_SUPPORTED)
}

/// Not supported.
pub fn data_extents(_fd: i32, _size: u64) -> Result<Option<Vec<Extent>>> {
    Err(NOT_SUPPORTED)
}

/// Not supported.
pub fn list_xattrs(_fd: i32) -> Result<Vec<Xattr>> {
    Err(NOT_SUPPORTED)
}

/// Not supported.
pub fn set_xattr(_fd: i32, _name: &[u8], _value: &[u8]) -> Result<()> {
    Err(NOT_SUPPORTED)
}

/// Not supported.
pub fn forbid_dumps() -> Result<()> {
    Err(NOT_SUPPORTED)
}
