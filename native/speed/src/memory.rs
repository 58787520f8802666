//! Large buffers without the cost of touching a hundred thousand small pages.

/// Buffers of this size and more are worth an advice.
#[cfg(target_os = "linux")]
const ADVISED_BYTES_MIN: usize = 8 * 1024 * 1024;
/// The size of a large page; only whole ones can be advised.
#[cfg(target_os = "linux")]
const LARGE_PAGE_BYTES: usize = 2 * 1024 * 1024;

/// A buffer of `length` zeros. Memory is taken as it is written to.
#[must_use]
pub fn zeroed(length: usize) -> Vec<u8> {
    #[cfg_attr(not(target_os = "linux"), allow(unused_mut))]
    let mut buffer = vec![0; length];
    #[cfg(target_os = "linux")]
    if length >= ADVISED_BYTES_MIN {
        use rustix::mm::{Advice, madvise};

        let start = buffer.as_ptr().align_offset(LARGE_PAGE_BYTES);
        let bytes = (length - start) / LARGE_PAGE_BYTES * LARGE_PAGE_BYTES;
        let pages = &mut buffer[start..start + bytes];
        // SAFETY: the range lies in a buffer that is ours alone, and this advice changes only how
        // the kernel backs it. A kernel without large pages refuses, which changes nothing.
        let _ = unsafe { madvise(pages.as_mut_ptr().cast(), pages.len(), Advice::LinuxHugepage) };
    }
    buffer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_buffer_is_zero_to_its_end() {
        for length in [0, 1, 8 * 1024 * 1024 - 1, 9 * 1024 * 1024 + 1] {
            let buffer = zeroed(length);
            assert_eq!(buffer.len(), length);
            assert!(buffer.iter().all(|byte| *byte == 0));
        }
    }
}
