//! The part of BCS that the protocol uses: integers, byte vectors, enum tags.

use crate::error::{Error, Result};

/// Bytes of `length` as ULEB128.
#[must_use]
pub fn uleb_bytes(length: usize) -> usize {
    let bits = usize::BITS - length.leading_zeros();
    bits.div_ceil(7).max(1) as usize
}

/// Appends `value` as ULEB128.
pub fn write_uleb(out: &mut Vec<u8>, mut value: usize) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Appends a byte vector.
pub fn write_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    write_uleb(out, bytes.len());
    out.extend_from_slice(bytes);
}

/// Reads front to back and refuses what is not canonical.
#[derive(Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Begins at the first byte.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// What has not been read.
    #[must_use]
    pub const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The next `count` bytes.
    ///
    /// # Errors
    ///
    /// [`Error::Bcs`] when fewer are left.
    pub fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let (taken, rest) =
            self.rest.split_at_checked(count).ok_or(Error::Bcs("the input ends early"))?;
        self.rest = rest;
        Ok(taken)
    }

    /// The next `N` bytes.
    ///
    /// # Errors
    ///
    /// [`Error::Bcs`] when fewer are left.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (taken, rest) =
            self.rest.split_first_chunk::<N>().ok_or(Error::Bcs("the input ends early"))?;
        self.rest = rest;
        Ok(*taken)
    }

    /// A u8.
    ///
    /// # Errors
    ///
    /// [`Error::Bcs`] at the end.
    pub fn u8(&mut self) -> Result<u8> {
        Ok(self.array::<1>()?[0])
    }

    /// A little-endian u16.
    ///
    /// # Errors
    ///
    /// [`Error::Bcs`] at the end.
    pub fn u16(&mut self) -> Result<u16> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    /// A little-endian u64.
    ///
    /// # Errors
    ///
    /// [`Error::Bcs`] at the end.
    pub fn u64(&mut self) -> Result<u64> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    /// A length: canonical ULEB128 of at most 32 bits.
    ///
    /// # Errors
    ///
    /// [`Error::Bcs`] for anything else.
    pub fn uleb(&mut self) -> Result<usize> {
        let mut value = 0_u64;
        for shift in (0..35).step_by(7) {
            let byte = self.u8()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                if byte == 0 && shift > 0 {
                    return Err(Error::Bcs("a length is not in its shortest form"));
                }
                return u32::try_from(value)
                    .map_err(|_| Error::Bcs("a length is beyond 32 bits"))
                    .map(|length| length as usize);
            }
        }
        Err(Error::Bcs("a length is beyond 32 bits"))
    }

    /// A byte vector.
    ///
    /// # Errors
    ///
    /// [`Error::Bcs`] when it is longer than the input.
    pub fn bytes(&mut self) -> Result<&'a [u8]> {
        let length = self.uleb()?;
        self.take(length)
    }

    /// Refuses bytes that are left over.
    ///
    /// # Errors
    ///
    /// [`Error::Bcs`] when there are any.
    pub const fn finish(self) -> Result<()> {
        if self.rest.is_empty() { Ok(()) } else { Err(Error::Bcs("bytes are left over")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_round_trip() {
        for value in [0, 1, 127, 128, 300, 16_383, 16_384, 2_097_151, 2_097_152, 0xffff_ffff] {
            let mut out = Vec::new();
            write_uleb(&mut out, value);
            assert_eq!(out.len(), uleb_bytes(value));
            let mut reader = Reader::new(&out);
            assert_eq!(reader.uleb().unwrap(), value);
            reader.finish().unwrap();
        }
    }

    #[test]
    fn lengths_that_are_not_canonical_are_refused() {
        for bytes in [&[0x80, 0x00][..], &[0xff, 0xff, 0xff, 0xff, 0x1f], &[0x80; 6], &[0x80]] {
            assert_eq!(Reader::new(bytes).uleb().unwrap_err().code(), "bcs");
        }
    }
}
