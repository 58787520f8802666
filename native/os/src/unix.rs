//! Unix, by `rustix`.

use std::ffi::CString;
use std::os::fd::{BorrowedFd, OwnedFd};

use rustix::fs::{
    AtFlags, CWD, FlockOperation, Mode, OFlags, SeekFrom, Timespec, Timestamps, UTIME_OMIT,
    XattrFlags, fgetxattr, flistxattr, flock, fsetxattr, futimens, open, seek, utimensat,
};
#[cfg(any(target_os = "linux", target_vendor = "apple"))]
use rustix::fs::{RenameFlags, renameat_with};
use rustix::io::Errno;
#[cfg(target_os = "linux")]
use rustix::process::{DumpableBehavior, set_dumpable_behavior};
use rustix::process::{Resource, Rlimit, setrlimit};

use crate::{
    EXTENTS_MAX, Extent, NOT_SUPPORTED, OsError, Result, XATTR_NAMES_BYTES_MAX,
    XATTR_VALUE_BYTES_MAX, Xattr,
};

const NANOSECONDS: i64 = 1_000_000_000;

impl From<Errno> for OsError {
    fn from(errno: Errno) -> Self {
        Self { code: name(errno) }
    }
}

/// The names that callers tell apart; others are `EIO`.
fn name(errno: Errno) -> &'static str {
    const NAMES: &[(Errno, &str)] = &[
        (Errno::ACCESS, "EACCES"),
        (Errno::AGAIN, "EAGAIN"),
        (Errno::BADF, "EBADF"),
        (Errno::DQUOT, "EDQUOT"),
        (Errno::EXIST, "EEXIST"),
        (Errno::FBIG, "EFBIG"),
        (Errno::INVAL, "EINVAL"),
        (Errno::ISDIR, "EISDIR"),
        (Errno::LOOP, "ELOOP"),
        (Errno::MFILE, "EMFILE"),
        (Errno::NAMETOOLONG, "ENAMETOOLONG"),
        (Errno::NFILE, "ENFILE"),
        (Errno::NOENT, "ENOENT"),
        (Errno::NOLCK, "ENOLCK"),
        (Errno::NOSPC, "ENOSPC"),
        (Errno::NOSYS, "ENOSYS"),
        (Errno::NOTDIR, "ENOTDIR"),
        (Errno::OPNOTSUPP, "ENOTSUP"),
        (Errno::PERM, "EPERM"),
        (Errno::RANGE, "ERANGE"),
        (Errno::ROFS, "EROFS"),
        (Errno::TOOBIG, "E2BIG"),
    ];
    NAMES.iter().find(|(known, _)| *known == errno).map_or("EIO", |(_, name)| name)
}

fn borrow(fd: &i32) -> Result<BorrowedFd<'_>> {
    if *fd < 0 {
        return Err(OsError { code: "EBADF" });
    }
    // SAFETY: the descriptor is not negative and used only during the call. Should the caller have
    // closed it, the system answers EBADF or acts on what took its number, as with any of Node's
    // own calls; no memory is reached through it.
    Ok(unsafe { BorrowedFd::borrow_raw(*fd) })
}

fn path_of(bytes: &[u8]) -> Result<CString> {
    CString::new(bytes).map_err(|_| OsError { code: "EINVAL" })
}

fn timestamps(mtime_ns: i64) -> Timestamps {
    Timestamps {
        last_access: Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT },
        // Times before 1970 count up within their second too.
        last_modification: Timespec {
            tv_sec: mtime_ns.div_euclid(NANOSECONDS),
            tv_nsec: mtime_ns.rem_euclid(NANOSECONDS),
        },
    }
}

/// Sets the modification time, ns since 1970, of what a descriptor refers to.
pub fn set_times(fd: i32, mtime_ns: i64) -> Result<()> {
    Ok(futimens(borrow(&fd)?, &timestamps(mtime_ns))?)
}

/// Sets the modification time of a path; of the link itself where it is one.
pub fn set_link_times(path: &[u8], mtime_ns: i64) -> Result<()> {
    let path = path_of(path)?;
    Ok(utimensat(CWD, path.as_c_str(), &timestamps(mtime_ns), AtFlags::SYMLINK_NOFOLLOW)?)
}

/// Gives a file another name, unless something has that name (`EEXIST`). `ENOTSUP` where the system
/// or the file system cannot do both at once.
pub fn rename_no_replace(from: &[u8], to: &[u8]) -> Result<()> {
    #[cfg(any(target_os = "linux", target_vendor = "apple"))]
    {
        let (from, to) = (path_of(from)?, path_of(to)?);
        match renameat_with(CWD, from.as_c_str(), CWD, to.as_c_str(), RenameFlags::NOREPLACE) {
            Err(Errno::INVAL | Errno::NOSYS) => Err(NOT_SUPPORTED),
            outcome => Ok(outcome?),
        }
    }
    #[cfg(not(any(target_os = "linux", target_vendor = "apple")))]
    {
        let _ = (from, to);
        Err(NOT_SUPPORTED)
    }
}

/// Where the first `size` bytes of a file hold data; `None` where the file system cannot tell, and
/// for files of more than [`EXTENTS_MAX`] stretches. Moves the descriptor's own position.
pub fn data_extents(fd: i32, size: u64) -> Result<Option<Vec<Extent>>> {
    let file = borrow(&fd)?;
    let mut extents = Vec::new();
    let mut position = 0;
    while position < size {
        let offset = match seek(file, SeekFrom::Data(position)) {
            Ok(offset) => offset,
            // There is no data from here on.
            Err(Errno::NXIO) => break,
            Err(Errno::INVAL | Errno::OPNOTSUPP) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        if offset >= size {
            break;
        }
        let end = match seek(file, SeekFrom::Hole(offset)) {
            Ok(end) => end.min(size),
            // The file was cut meanwhile.
            Err(Errno::NXIO) => break,
            Err(error) => return Err(error.into()),
        };
        if end <= offset {
            return Ok(None);
        }
        extents.push(Extent { offset, length: end - offset });
        if extents.len() > EXTENTS_MAX {
            return Ok(None);
        }
        position = end;
    }
    Ok(Some(extents))
}

/// The attributes that this process may read, sorted by name.
pub fn list_xattrs(fd: i32) -> Result<Vec<Xattr>> {
    let file = borrow(&fd)?;
    // Nearly always there are none, or few.
    let mut names = vec![0; 1024];
    let length = match flistxattr(file, names.as_mut_slice()) {
        Ok(0) | Err(Errno::OPNOTSUPP) => return Ok(Vec::new()),
        Err(Errno::RANGE) => {
            names.resize(XATTR_NAMES_BYTES_MAX, 0);
            flistxattr(file, names.as_mut_slice())?
        }
        length => length?,
    };
    names.truncate(length);
    let mut xattrs = Vec::new();
    let mut value = vec![0; XATTR_VALUE_BYTES_MAX];
    for name in names.split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
        match fgetxattr(file, path_of(name)?.as_c_str(), value.as_mut_slice()) {
            Ok(length) => {
                xattrs.push(Xattr { name: name.to_vec(), value: value[..length].to_vec() });
            }
            // Gone since it was listed, or not for us.
            Err(Errno::NODATA | Errno::PERM | Errno::ACCESS | Errno::OPNOTSUPP) => {}
            Err(error) => return Err(error.into()),
        }
    }
    xattrs.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(xattrs)
}

/// Sets an attribute, whether or not it is there.
pub fn set_xattr(fd: i32, name: &[u8], value: &[u8]) -> Result<()> {
    if value.len() > XATTR_VALUE_BYTES_MAX {
        return Err(NOT_SUPPORTED);
    }
    Ok(fsetxattr(borrow(&fd)?, path_of(name)?.as_c_str(), value, XattrFlags::empty())?)
}

/// An exclusive lock on a file, held until it is dropped or the process ends, however it ends.
///
/// It belongs to the open file, so even the same process cannot take it twice.
#[derive(Debug)]
pub struct Lock {
    _file: OwnedFd,
}

impl Lock {
    /// Takes the lock of `path`, which is created for its owner alone; `None` when it is taken.
    ///
    /// # Errors
    ///
    /// What the system says, `ELOOP` for a link.
    pub fn try_exclusive(path: &[u8]) -> Result<Option<Self>> {
        let path = path_of(path)?;
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let file = open(path.as_c_str(), flags, Mode::RUSR | Mode::WUSR)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(Errno::WOULDBLOCK) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// Keeps this process out of core files and, on Linux, its memory from other processes of its user.
/// What it starts later may leave no core file either.
pub fn forbid_dumps() -> Result<()> {
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    #[cfg(target_os = "linux")]
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File, OpenOptions};
    use std::io::{Seek, SeekFrom, Write};
    use std::os::fd::AsRawFd;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::{MetadataExt, symlink};
    use std::path::PathBuf;

    use super::*;

    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("floe-os-{name}-{}", std::process::id()));
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).unwrap();
        }
    }

    #[test]
    fn times_keep_their_nanoseconds_before_and_after_1970() {
        let folder = Folder::new("times");
        let path = folder.0.join("file");
        let link = folder.0.join("link");
        let file = File::create(&path).unwrap();
        symlink(&path, &link).unwrap();
        for (ns, seconds, rest) in
            [(1_700_000_000_123_456_789, 1_700_000_000, 123_456_789), (-1, -1, 999_999_999)]
        {
            set_times(file.as_raw_fd(), ns).unwrap();
            let found = file.metadata().unwrap();
            assert_eq!((found.mtime(), found.mtime_nsec()), (seconds, rest));
            set_link_times(link.as_os_str().as_bytes(), ns).unwrap();
            let found = fs::symlink_metadata(&link).unwrap();
            assert_eq!((found.mtime(), found.mtime_nsec()), (seconds, rest));
        }
        assert_eq!(set_times(-1, 0).unwrap_err().code, "EBADF");
        assert_eq!(set_link_times(b"/no/such/place", 0).unwrap_err().code, "ENOENT");
    }

    #[test]
    fn extents_hold_all_data_of_a_sparse_file() {
        let folder = Folder::new("extents");
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .open(folder.0.join("sparse"))
            .unwrap();
        for offset in [0, 10 << 20] {
            file.seek(SeekFrom::Start(offset)).unwrap();
            file.write_all(&[1; 4096]).unwrap();
        }
        let size = 30 << 20;
        file.set_len(size).unwrap();
        if let Some(extents) = data_extents(file.as_raw_fd(), size).unwrap() {
            let holds = |position: u64| {
                extents.iter().any(|e| e.offset <= position && position < e.offset + e.length)
            };
            assert!(holds(0) && holds(4095) && holds(10 << 20));
            assert!(extents.iter().all(|extent| extent.offset + extent.length <= size));
        }
        assert_eq!(data_extents(file.as_raw_fd(), 0).unwrap(), Some(Vec::new()));
    }

    #[test]
    fn attributes_come_back_sorted() {
        let folder = Folder::new("xattrs");
        let file = File::create(folder.0.join("file")).unwrap();
        assert!(
            list_xattrs(file.as_raw_fd()).unwrap().iter().all(|x| !x.name.starts_with(b"user."))
        );
        match set_xattr(file.as_raw_fd(), b"user.b", b"two") {
            // Not every file system keeps them.
            Err(error) => assert_eq!(error.code, "ENOTSUP"),
            Ok(()) => {
                set_xattr(file.as_raw_fd(), b"user.a", b"").unwrap();
                let found: Vec<_> = list_xattrs(file.as_raw_fd())
                    .unwrap()
                    .into_iter()
                    .filter(|xattr| xattr.name.starts_with(b"user."))
                    .map(|xattr| (xattr.name, xattr.value))
                    .collect();
                let expected =
                    [(b"user.a".to_vec(), vec![]), (b"user.b".to_vec(), b"two".to_vec())];
                assert_eq!(found, expected);
            }
        }
        assert_eq!(set_xattr(file.as_raw_fd(), b"a\0b", b"").unwrap_err().code, "EINVAL");
    }

    #[test]
    fn a_lock_is_held_by_one_until_it_is_dropped() {
        let folder = Folder::new("lock");
        let path = folder.0.join("lock");
        let path = path.as_os_str().as_bytes();
        let lock = Lock::try_exclusive(path).unwrap().unwrap();
        assert!(Lock::try_exclusive(path).unwrap().is_none());
        drop(lock);
        assert!(Lock::try_exclusive(path).unwrap().is_some());
        assert_eq!(Lock::try_exclusive(b"/no/such/place").unwrap_err().code, "ENOENT");
    }
}
