//! Content-defined cutting with a table that nobody else knows.
//!
//! FastCDC (2020 form, normalisation level 2) by the `fastcdc` crate. Its 256 table entries come
//! from a keyed BLAKE3 stream, so that cut positions tell nobody whether a known file is stored; a
//! chunk's ID is its keyed BLAKE3 for the same reason.
//!
//! Where a chunk ends depends on the bytes from its start on and on nothing else: not on how the
//! bytes were buffered, and on the end of the file only for its last chunk.

use fastcdc::v2020::{Normalization, cut_gear, select_masks};
use rayon::prelude::*;
use zeroize::Zeroizing;

use crate::cancel::Cancel;
use crate::error::{Error, Result};
use crate::hash::{Digest, keyed_blake3};

/// The smallest average that the masks are defined for.
pub const CHUNK_AVERAGE_BYTES_MIN: usize = 256;
/// The largest average that the masks are defined for.
pub const CHUNK_AVERAGE_BYTES_MAX: usize = 4 * 1024 * 1024;

const GEAR_LABEL: &[u8] = b"floe/v1 gear";
const NORMALIZATION: Normalization = Normalization::Level2;

/// A piece of one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chunk {
    /// Keyed hash of the content.
    pub id: Digest,
    /// Where it begins in the bytes that were given.
    pub offset: usize,
    /// Its length, at least 1.
    pub length: usize,
}

/// Cuts and names chunks with one folder's keys.
pub struct Chunker {
    min: usize,
    average: usize,
    max: usize,
    masks: (u64, u64),
    gear: Zeroizing<Vec<u64>>,
    gear_shifted: Zeroizing<Vec<u64>>,
    id_key: Zeroizing<[u8; 32]>,
}

/// Sizes in bytes. Odd ones are rounded down to even: the scan works on pairs of bytes.
#[derive(Debug, Clone, Copy)]
pub struct ChunkSizes {
    /// No chunk but a file's last is smaller.
    pub min: usize,
    /// What most chunks are near to.
    pub average: usize,
    /// No chunk is larger.
    pub max: usize,
}

impl Chunker {
    /// A chunker of the given sizes and keys.
    ///
    /// # Errors
    ///
    /// Refuses sizes that are out of order or outside the limits above.
    pub fn new(sizes: ChunkSizes, gear_key: &[u8; 32], id_key: &[u8; 32]) -> Result<Self> {
        let [min, average, max] = [sizes.min, sizes.average, sizes.max].map(|size| size & !1);
        if min == 0 || min > average || average > max {
            return Err(Error::Argument("chunk sizes must rise from 2 over average to maximum"));
        }
        if !(CHUNK_AVERAGE_BYTES_MIN..=CHUNK_AVERAGE_BYTES_MAX).contains(&average) {
            return Err(Error::Argument("the average chunk has 256 bytes to 4 MiB"));
        }
        let gear = gear_table(gear_key);
        let gear_shifted = Zeroizing::new(gear.iter().map(|entry| entry << 1).collect());
        let masks = select_masks(average, NORMALIZATION);
        let id_key = Zeroizing::new(*id_key);
        Ok(Self { min, average, max, masks, gear, gear_shifted, id_key })
    }

    /// Cuts files that lie one behind the other in `bytes`. An empty file has no chunks.
    ///
    /// # Errors
    ///
    /// Refuses lengths that do not add up to `bytes`. [`Error::Cancelled`].
    pub fn cut_files(
        &self,
        bytes: &[u8],
        lengths: &[usize],
        cancel: &Cancel,
    ) -> Result<Vec<Vec<Chunk>>> {
        let mut files = Vec::with_capacity(lengths.len());
        let mut end = 0_usize;
        for length in lengths {
            let start = end;
            end = end.checked_add(*length).filter(|end| *end <= bytes.len()).ok_or(LENGTHS)?;
            files.push(start..end);
        }
        if end != bytes.len() {
            return Err(LENGTHS);
        }
        files
            .into_par_iter()
            .map(|file| {
                cancel.check()?;
                let start = file.start;
                Ok(self.name(bytes, start, &self.cut(&bytes[file], true).0))
            })
            .collect()
    }

    /// Cuts the next bytes of one file. What is behind the last chunk must be given again, followed
    /// by more; with `is_last` nothing is left.
    ///
    /// # Errors
    ///
    /// [`Error::Cancelled`].
    pub fn cut_stream(&self, bytes: &[u8], is_last: bool, cancel: &Cancel) -> Result<Vec<Chunk>> {
        cancel.check()?;
        let (lengths, _) = self.cut(bytes, is_last);
        cancel.check()?;
        Ok(self.name(bytes, 0, &lengths))
    }

    /// The lengths of the chunks, and how many bytes they cover.
    fn cut(&self, bytes: &[u8], is_last: bool) -> (Vec<usize>, usize) {
        let (mask_s, mask_l) = self.masks;
        let mut lengths = Vec::new();
        let mut start = 0;
        while start < bytes.len() {
            let rest = &bytes[start..];
            let (_, length) = cut_gear(
                rest,
                self.min,
                self.average,
                self.max,
                mask_s,
                mask_l,
                mask_s << 1,
                mask_l << 1,
                &self.gear,
                &self.gear_shifted,
            );
            // Reaching the end of what is here is no cut, unless the chunk is full.
            if length == rest.len() && length < self.max && !is_last {
                break;
            }
            lengths.push(length);
            start += length;
        }
        (lengths, start)
    }

    fn name(&self, bytes: &[u8], start: usize, lengths: &[usize]) -> Vec<Chunk> {
        let mut offset = start;
        let ranges: Vec<(usize, usize)> = lengths
            .iter()
            .map(|length| {
                offset += length;
                (offset - length, *length)
            })
            .collect();
        ranges
            .into_par_iter()
            .map(|(offset, length)| Chunk {
                id: keyed_blake3(&self.id_key, &bytes[offset..offset + length]),
                offset,
                length,
            })
            .collect()
    }
}

const LENGTHS: Error = Error::Argument("the lengths of the files do not add up to the bytes");

/// 256 little-endian u64 from the keyed BLAKE3 stream of a label.
fn gear_table(key: &[u8; 32]) -> Zeroizing<Vec<u64>> {
    let mut bytes = Zeroizing::new([0; 2048]);
    blake3::Hasher::new_keyed(key).update(GEAR_LABEL).finalize_xof().fill(bytes.as_mut_slice());
    let (entries, _) = bytes.as_chunks::<8>();
    Zeroizing::new(entries.iter().map(|entry| u64::from_le_bytes(*entry)).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SIZES: ChunkSizes = ChunkSizes { min: 64, average: 256, max: 1024 };

    fn noise(length: usize, seed: u8) -> Vec<u8> {
        let mut bytes = vec![0; length];
        blake3::Hasher::new().update(&[seed]).finalize_xof().fill(&mut bytes);
        bytes
    }

    fn chunker() -> Chunker {
        Chunker::new(SIZES, &[1; 32], &[2; 32]).unwrap()
    }

    #[test]
    fn chunks_cover_the_file_within_their_bounds() {
        let bytes = noise(100_001, 1);
        let files = chunker().cut_files(&bytes, &[0, 100_000, 1], &Cancel::default()).unwrap();
        assert!(files[0].is_empty());
        assert_eq!(files[2].len(), 1);
        let mut end = 0;
        for (index, chunk) in files[1].iter().enumerate() {
            assert_eq!(chunk.offset, end);
            end += chunk.length;
            assert!(chunk.length <= SIZES.max);
            assert!(chunk.length >= SIZES.min || index == files[1].len() - 1);
            assert_eq!(chunk.id, keyed_blake3(&[2; 32], &bytes[chunk.offset..end]));
        }
        assert_eq!(end, 100_000);
        let average = 100_000 / files[1].len();
        assert!((180..400).contains(&average), "the average is {average}");
    }

    #[test]
    fn an_insertion_moves_few_cuts() {
        let bytes = noise(200_000, 2);
        let mut changed = bytes.clone();
        changed.insert(50_000, 7);
        let ids = |bytes: &[u8]| -> std::collections::HashSet<Digest> {
            let chunks = chunker().cut_stream(bytes, true, &Cancel::default()).unwrap();
            chunks.iter().map(|chunk| chunk.id).collect()
        };
        let before = ids(&bytes);
        let fresh = ids(&changed).difference(&before).count();
        assert!(fresh <= 8, "{fresh} new chunks");
    }

    #[test]
    fn another_key_cuts_elsewhere() {
        let bytes = noise(50_000, 3);
        let other = Chunker::new(SIZES, &[9; 32], &[2; 32]).unwrap();
        assert_ne!(chunker().cut(&bytes, true), other.cut(&bytes, true));
    }

    #[test]
    fn impossible_sizes_and_lengths_are_refused() {
        for (min, average, max) in [(0, 256, 512), (512, 256, 1024), (64, 2048, 1024), (2, 4, 8)] {
            let sizes = ChunkSizes { min, average, max };
            assert!(Chunker::new(sizes, &[0; 32], &[0; 32]).is_err());
        }
        let cancel = Cancel::default();
        for lengths in [&[1][..], &[3], &[2, usize::MAX]] {
            assert_eq!(chunker().cut_files(b"ab", lengths, &cancel).unwrap_err(), LENGTHS);
        }
    }

    proptest! {
        #[test]
        fn buffering_does_not_move_cuts(
            length in 0_usize..20_000,
            seed: u8,
            zeros in 0_usize..4000,
            steps in prop::collection::vec(1_usize..3000, 1..40),
        ) {
            let mut bytes = noise(length, seed);
            bytes.extend(vec![0; zeros]);
            let cancel = Cancel::default();
            let whole = chunker().cut_stream(&bytes, true, &cancel).unwrap();
            let mut pieces = Vec::new();
            let (mut start, mut end) = (0, 0);
            for step in steps.iter().cycle() {
                end = (end + step).min(bytes.len());
                let is_last = end == bytes.len();
                for chunk in chunker().cut_stream(&bytes[start..end], is_last, &cancel).unwrap() {
                    pieces.push(Chunk { offset: start + chunk.offset, ..chunk });
                }
                start = pieces.last().map_or(0, |chunk| chunk.offset + chunk.length);
                if is_last {
                    break;
                }
            }
            prop_assert_eq!(whole, pieces);
        }
    }
}
