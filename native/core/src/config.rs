//! The parameters of RS2 for one shard count.
//!
//! A blob, padded with zeros, is a matrix of `p` rows and `s` columns of symbols, read row by
//! row. Rows are extended to `n` symbols, columns to `n`: row `i` of the result is primary sliver
//! `i`, column `j` is secondary sliver `j`, and pair `k` holds primary `k` and secondary
//! `n - 1 - k`. With `f = floor((n - 1) / 3)`: `p = n - 2f`, `s = n - f`.

use crate::error::{Error, Result};

/// The largest symbol: a u16 rounded down to even.
pub const SYMBOL_BYTES_MAX: u64 = 65_534;
/// Below this the code has no recovery symbols.
pub const SHARDS_MIN: u16 = 4;
/// The code works in GF(2^16); originals and recovery symbols must fit it together.
pub const SHARDS_MAX: u16 = 32_768;

/// Which way a sliver runs through the matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Axis {
    /// A row.
    Primary,
    /// A column.
    Secondary,
}

impl Axis {
    /// The other axis.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Primary => Self::Secondary,
            Self::Secondary => Self::Primary,
        }
    }
}

/// RS2 for a given number of shards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Config {
    shard_count: u16,
}

impl Config {
    /// The code for `shard_count` shards.
    ///
    /// # Errors
    ///
    /// Refuses counts without a code.
    pub fn new(shard_count: u32) -> Result<Self> {
        match u16::try_from(shard_count) {
            Ok(count) if (SHARDS_MIN..=SHARDS_MAX).contains(&count) => {
                Ok(Self { shard_count: count })
            }
            _ => Err(Error::ShardCount { shard_count }),
        }
    }

    /// The number of shards, and of sliver pairs.
    #[must_use]
    pub const fn shard_count(self) -> u16 {
        self.shard_count
    }

    /// The number of shards, `n`, as a length.
    #[must_use]
    pub const fn n(self) -> usize {
        self.shard_count as usize
    }

    /// The number of faulty shards that the code tolerates, `f`.
    #[must_use]
    pub const fn faulty_max(self) -> usize {
        (self.n() - 1) / 3
    }

    /// Source symbols of a column, `p`.
    #[must_use]
    pub const fn primary_source_count(self) -> usize {
        self.n() - 2 * self.faulty_max()
    }

    /// Source symbols of a row, `s`.
    #[must_use]
    pub const fn secondary_source_count(self) -> usize {
        self.n() - self.faulty_max()
    }

    /// Slivers of `axis` that rebuild a blob: the source symbols across that axis.
    #[must_use]
    pub const fn source_count(self, axis: Axis) -> usize {
        match axis {
            Axis::Primary => self.primary_source_count(),
            Axis::Secondary => self.secondary_source_count(),
        }
    }

    /// Symbols stored in one sliver of `axis`.
    #[must_use]
    pub const fn symbols_per_sliver(self, axis: Axis) -> usize {
        self.source_count(axis.other())
    }

    /// The largest blob in bytes.
    #[must_use]
    pub const fn blob_bytes_max(self) -> u64 {
        (self.primary_source_count() * self.secondary_source_count()) as u64 * SYMBOL_BYTES_MAX
    }

    /// The symbol size in bytes of a blob of `length` bytes: even, and at least 2.
    ///
    /// # Errors
    ///
    /// [`Error::BlobTooLarge`].
    pub fn symbol_bytes(self, length: u64) -> Result<usize> {
        let symbols = (self.primary_source_count() * self.secondary_source_count()) as u64;
        let size = length.max(1).div_ceil(symbols).next_multiple_of(2);
        if size > SYMBOL_BYTES_MAX {
            return Err(Error::BlobTooLarge {
                length,
                max: self.blob_bytes_max(),
                shard_count: self.shard_count,
            });
        }
        usize::try_from(size).map_err(|_| Error::Internal("a symbol size fits a u16"))
    }

    /// The sliver index that `pair` holds on `axis`.
    ///
    /// # Errors
    ///
    /// Refuses a pair that is not below the shard count.
    pub fn sliver_index(self, pair: u32, axis: Axis) -> Result<u16> {
        let pair = self.check_index(pair)?;
        Ok(match axis {
            Axis::Primary => pair,
            Axis::Secondary => self.shard_count - 1 - pair,
        })
    }

    /// `index` as a position of a pair, sliver or shard.
    ///
    /// # Errors
    ///
    /// Refuses one that is not below the shard count.
    pub fn check_index(self, index: u32) -> Result<u16> {
        u16::try_from(index)
            .ok()
            .filter(|index| *index < self.shard_count)
            .ok_or(Error::IndexOutOfRange { index, count: u32::from(self.shard_count) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_those_of_the_protocol() {
        for (n, f, p, s, max) in [
            (4, 1, 2, 3, 393_204),
            (7, 2, 3, 5, 983_010),
            (10, 3, 4, 7, 1_834_952),
            (100, 33, 34, 67, 149_286_452),
            (1000, 333, 334, 667, 14_599_533_452),
        ] {
            let config = Config::new(n).unwrap();
            assert_eq!(config.faulty_max(), f);
            assert_eq!(config.primary_source_count(), p);
            assert_eq!(config.secondary_source_count(), s);
            assert_eq!(config.blob_bytes_max(), max);
            assert!(config.symbol_bytes(max).is_ok());
            assert_eq!(config.symbol_bytes(max + 1).unwrap_err().code(), "blob-too-large");
        }
    }

    #[test]
    fn symbol_sizes_are_even_and_round_up() {
        let config = Config::new(10).unwrap();
        for (length, symbol) in [(0, 2), (1, 2), (56, 2), (57, 4), (1000, 36), (31_000, 1108)] {
            assert_eq!(config.symbol_bytes(length).unwrap(), symbol, "{length} bytes");
        }
    }

    #[test]
    fn counts_without_a_code_are_refused() {
        for count in [0, 1, 2, 3, 32_769, 70_000] {
            assert_eq!(Config::new(count).unwrap_err().code(), "shard-count");
        }
    }
}
