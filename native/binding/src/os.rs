//! System calls. An error's `code` is the system's name for it, as in Node's own errors.

use floe_os::{Lock, OsError};
use napi::bindgen_prelude::{BigInt, Float64Array, Uint8Array};
use napi::{Error, Result};
use napi_derive::napi;

fn to_napi(error: OsError) -> Error<&'static str> {
    Error::new(error.code, error.to_string())
}

fn nanoseconds(time: &BigInt) -> Result<i64, &'static str> {
    match time.get_i64() {
        (time, true) => Ok(time),
        (_, false) => Err(to_napi(OsError { code: "EINVAL" })),
    }
}

#[napi(catch_unwind)]
pub fn set_times(fd: i32, mtime_ns: BigInt) -> Result<(), &'static str> {
    floe_os::set_times(fd, nanoseconds(&mtime_ns)?).map_err(to_napi)
}

#[napi(catch_unwind)]
pub fn set_link_times(path: Uint8Array, mtime_ns: BigInt) -> Result<(), &'static str> {
    floe_os::set_link_times(&path, nanoseconds(&mtime_ns)?).map_err(to_napi)
}

#[napi(catch_unwind)]
pub fn rename_no_replace(from: Uint8Array, to: Uint8Array) -> Result<(), &'static str> {
    floe_os::rename_no_replace(&from, &to).map_err(to_napi)
}

/// Offset and length of each stretch, one behind the other. Both are exact in a double.
#[napi(catch_unwind)]
pub fn data_extents(fd: i32, size_bytes: f64) -> Result<Option<Float64Array>, &'static str> {
    let extents = floe_os::data_extents(fd, size_bytes as u64).map_err(to_napi)?;
    Ok(extents.map(|extents| {
        let flat: Vec<f64> =
            extents.iter().flat_map(|e| [e.offset as f64, e.length as f64]).collect();
        flat.into()
    }))
}

#[napi(object)]
pub struct Xattr {
    pub name: Uint8Array,
    pub value: Uint8Array,
}

#[napi(catch_unwind)]
pub fn list_xattrs(fd: i32) -> Result<Vec<Xattr>, &'static str> {
    let xattrs = floe_os::list_xattrs(fd).map_err(to_napi)?;
    Ok(xattrs
        .into_iter()
        .map(|xattr| Xattr { name: xattr.name.into(), value: xattr.value.into() })
        .collect())
}

#[napi(catch_unwind)]
pub fn set_xattr(fd: i32, name: Uint8Array, value: Uint8Array) -> Result<(), &'static str> {
    floe_os::set_xattr(fd, &name, &value).map_err(to_napi)
}

/// A lock that is given back by `release`, by garbage collection, or by the end of the process.
#[napi]
pub struct LockedFile {
    lock: Option<Lock>,
}

#[napi]
impl LockedFile {
    #[napi]
    pub fn release(&mut self) {
        self.lock = None;
    }
}

#[napi(catch_unwind)]
pub fn try_lock(path: Uint8Array) -> Result<Option<LockedFile>, &'static str> {
    let lock = Lock::try_exclusive(&path).map_err(to_napi)?;
    Ok(lock.map(|lock| LockedFile { lock: Some(lock) }))
}

#[napi(catch_unwind)]
pub fn forbid_dumps() -> Result<(), &'static str> {
    floe_os::forbid_dumps().map_err(to_napi)
}

#[napi(catch_unwind)]
pub fn give_memory_back() -> Result<(), &'static str> {
    floe_os::give_memory_back().map_err(to_napi)
}
