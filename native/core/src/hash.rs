//! Hashes by name: BLAKE2b-256 (the protocol's), BLAKE3 (ours), Argon2id (passphrases).

use argon2::{Algorithm, Argon2, Block, Params, Version};
use blake2b_simd::Params as Blake2bParams;

use crate::error::{Error, Result};

/// A digest of 32 bytes.
pub type Digest = [u8; 32];

/// BLAKE2b with a digest of 32 bytes.
#[must_use]
pub fn blake2b256(bytes: &[u8]) -> Digest {
    let hash = Blake2bParams::new().hash_length(32).hash(bytes);
    let mut digest = [0; 32];
    digest.copy_from_slice(hash.as_bytes());
    digest
}

/// Bytes from which BLAKE3 of one input is worth spreading over cores.
const BLAKE3_PARALLEL_BYTES_MIN: usize = 1024 * 1024;

/// BLAKE3.
#[must_use]
pub fn blake3(bytes: &[u8]) -> Digest {
    update(blake3::Hasher::new(), bytes)
}

/// Keyed BLAKE3.
#[must_use]
pub fn keyed_blake3(key: &[u8; 32], bytes: &[u8]) -> Digest {
    update(blake3::Hasher::new_keyed(key), bytes)
}

fn update(mut hasher: blake3::Hasher, bytes: &[u8]) -> Digest {
    if bytes.len() >= BLAKE3_PARALLEL_BYTES_MIN {
        hasher.update_rayon(bytes);
    } else {
        hasher.update(bytes);
    }
    *hasher.finalize().as_bytes()
}

/// The largest memory that a passphrase may cost, in KiB: 4 GiB.
pub const ARGON2_MEMORY_KIB_MAX: u32 = 4 * 1024 * 1024;
/// The most passes over that memory.
pub const ARGON2_ITERATIONS_MAX: u32 = 1024;
/// The most lanes.
pub const ARGON2_LANES_MAX: u32 = 64;

/// What a guess at a passphrase costs.
#[derive(Debug, Clone, Copy)]
pub struct Argon2Cost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub iterations: u32,
    /// Lanes.
    pub lanes: u32,
}

/// Argon2id, version 1.3, without secret or associated data.
///
/// # Errors
///
/// Refuses costs outside the limits above, and salts under 8 bytes.
pub fn argon2id(
    passphrase: &[u8],
    salt: &[u8],
    cost: Argon2Cost,
    output_bytes: usize,
) -> Result<Vec<u8>> {
    if cost.memory_kib > ARGON2_MEMORY_KIB_MAX
        || cost.iterations > ARGON2_ITERATIONS_MAX
        || cost.lanes > ARGON2_LANES_MAX
    {
        return Err(Error::Argument("the cost of the passphrase is beyond its limit"));
    }
    let params = Params::new(cost.memory_kib, cost.iterations, cost.lanes, Some(output_bytes))
        .map_err(|_| Error::Argument("the cost of the passphrase is not possible"))?;
    let mut memory = Vec::new();
    memory
        .try_reserve_exact(params.block_count())
        .map_err(|_| Error::Argument("there is not enough memory for the passphrase"))?;
    memory.resize(params.block_count(), Block::default());
    let mut output = vec![0; output_bytes];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into_with_memory(passphrase, salt, &mut output, &mut memory)
        .map_err(|_| Error::Argument("the salt or the length of the output is not possible"))?;
    Ok(output)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn hashes_equal_published_vectors() {
        assert_eq!(
            hex(&blake2b256(b"")),
            "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8"
        );
        assert_eq!(
            hex(&blake3(b"")),
            "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"
        );
        let long = vec![7; BLAKE3_PARALLEL_BYTES_MIN + 1];
        assert_eq!(blake3(&long), *::blake3::hash(&long).as_bytes());
    }

    #[test]
    fn argon2id_costs_beyond_the_limit_are_refused() {
        let cost = Argon2Cost { memory_kib: ARGON2_MEMORY_KIB_MAX + 1, iterations: 1, lanes: 1 };
        assert_eq!(argon2id(b"word", &[1; 16], cost, 32).unwrap_err().code(), "argument");
        let cost = Argon2Cost { memory_kib: 64, iterations: 1, lanes: 1 };
        assert_eq!(argon2id(b"word", &[1; 4], cost, 32).unwrap_err().code(), "argument");
        assert_eq!(argon2id(b"word", &[1; 16], cost, 32).unwrap().len(), 32);
    }
}
