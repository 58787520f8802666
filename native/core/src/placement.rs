//! Where the sliver pairs of a blob are stored.
//!
//! Pair `i` is not simply on shard `i`: the order is rotated by the blob ID, read as one
//! big-endian number. Anyone who knows the ID can compute the place, and no shard holds
//! the same pair of every blob.

use crate::config::Config;
use crate::error::Result;

/// The shard that stores the given sliver pair of the given blob.
///
/// # Errors
///
/// Refuses a pair that is not below the shard count.
pub fn shard_of_pair(pair: u32, blob_id: &[u8; 32], config: Config) -> Result<u16> {
    let count = u32::from(config.shard_count());
    let pair = u32::from(config.check_index(pair)?);
    // Both terms are below 2^16, so the sum cannot overflow.
    config.check_index((pair + rotation(blob_id, count)) % count)
}

/// The sliver pair of the given blob that the given shard stores.
///
/// # Errors
///
/// Refuses a shard that is not below the shard count.
pub fn pair_of_shard(shard: u32, blob_id: &[u8; 32], config: Config) -> Result<u16> {
    let count = u32::from(config.shard_count());
    let shard = u32::from(config.check_index(shard)?);
    config.check_index((count + shard - rotation(blob_id, count)) % count)
}

/// The blob ID modulo `shard_count`, byte by byte: no integer type holds 256 bits.
fn rotation(blob_id: &[u8; 32], shard_count: u32) -> u32 {
    blob_id.iter().fold(0, |remainder, byte| (remainder * 256 + u32::from(*byte)) % shard_count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_a_rotation() {
        let config = Config::new(10).unwrap();
        let mut blob_id = [0; 32];
        blob_id[31] = 12;
        for pair in 0..10 {
            let shard = shard_of_pair(pair, &blob_id, config).unwrap();
            assert_eq!(u32::from(shard), (pair + 2) % 10);
            assert_eq!(u32::from(pair_of_shard(shard.into(), &blob_id, config).unwrap()), pair);
        }
        assert_eq!(shard_of_pair(10, &blob_id, config).unwrap_err().code(), "index");
    }
}
