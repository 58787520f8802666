//! What is stored of a blob besides its slivers, and the blob ID.
//!
//! BlobMetadata in BCS: `00` (V1) | `01` (RS2) | u64 length | uleb(n) | n x (node primary | node
//! secondary). The pair at position `k` holds the hashes of primary sliver `k` and of secondary
//! sliver `n - 1 - k`.

use crate::bcs::{Reader, uleb_bytes, write_uleb};
use crate::config::{Axis, Config};
use crate::error::{Error, Result};
use crate::hash::{Digest, blake2b256};
use crate::merkle::{EMPTY, Node, hash_leaves, root_of};

/// The byte that names RS2 in metadata, in blob IDs and on chain.
pub const ENCODING_TYPE_RS2: u8 = 1;
const VERSION_1: u8 = 0;

/// The metadata of one blob, parsed, with the blob ID that it gives.
#[derive(Debug, Clone)]
pub struct BlobMetadata {
    config: Config,
    unencoded_length: u64,
    symbol_bytes: usize,
    pairs: Vec<[Node; 2]>,
    root_hash: Digest,
    blob_id: Digest,
}

impl BlobMetadata {
    /// The metadata of a blob whose sliver hashes are known, both in sliver order.
    ///
    /// # Errors
    ///
    /// Refuses a blob that is too large, or another number of hashes.
    pub fn new(
        config: Config,
        unencoded_length: u64,
        primary: &[Digest],
        secondary: &[Digest],
    ) -> Result<Self> {
        if primary.len() != config.n() || secondary.len() != config.n() {
            return Err(Error::HashCount { found: primary.len(), expected: config.n() });
        }
        let pairs = primary
            .iter()
            .zip(secondary.iter().rev())
            .map(|(primary, secondary)| [Node::Digest(*primary), Node::Digest(*secondary)])
            .collect();
        Self::from_pairs(config, unencoded_length, pairs)
    }

    /// Parses BCS.
    ///
    /// # Errors
    ///
    /// Refuses bytes that are not canonical BCS, another encoding, another number of shards, and a
    /// length beyond the maximum.
    pub fn parse(bytes: &[u8], config: Config) -> Result<Self> {
        let mut reader = Reader::new(bytes);
        if reader.u8()? != VERSION_1 {
            return Err(Error::Bcs("the metadata is of an unknown version"));
        }
        let encoding_type = reader.u8()?;
        if encoding_type > ENCODING_TYPE_RS2 {
            return Err(Error::Bcs("the encoding type is unknown"));
        }
        let unencoded_length = reader.u64()?;
        let count = reader.uleb()?;
        // Checked before anything is allocated for it.
        if count != config.n() {
            return Err(Error::HashCount { found: count, expected: config.n() });
        }
        let mut pairs = Vec::with_capacity(count);
        for _ in 0..count {
            pairs.push([Node::read(&mut reader)?, Node::read(&mut reader)?]);
        }
        reader.finish()?;
        if encoding_type != ENCODING_TYPE_RS2 {
            return Err(Error::EncodingType(encoding_type));
        }
        Self::from_pairs(config, unencoded_length, pairs)
    }

    fn from_pairs(config: Config, unencoded_length: u64, pairs: Vec<[Node; 2]>) -> Result<Self> {
        let symbol_bytes = config.symbol_bytes(unencoded_length)?;
        let inputs: Vec<[u8; 64]> = pairs
            .iter()
            .map(|[primary, secondary]| {
                let mut input = [0; 64];
                input[..32].copy_from_slice(primary.bytes());
                input[32..].copy_from_slice(secondary.bytes());
                input
            })
            .collect();
        let mut leaves = vec![EMPTY; inputs.len()];
        hash_leaves(inputs.iter().map(<[u8; 64]>::as_slice), &mut leaves);
        let root_hash = root_of(&mut leaves);
        let blob_id = blob_id(unencoded_length, &root_hash);
        Ok(Self { config, unencoded_length, symbol_bytes, pairs, root_hash, blob_id })
    }

    /// The BCS of this metadata.
    #[must_use]
    pub fn to_bcs(&self) -> Vec<u8> {
        let count = self.pairs.len();
        let mut out = Vec::with_capacity(10 + uleb_bytes(count) + 66 * count);
        out.extend_from_slice(&[VERSION_1, ENCODING_TYPE_RS2]);
        out.extend_from_slice(&self.unencoded_length.to_le_bytes());
        write_uleb(&mut out, count);
        for node in self.pairs.as_flattened() {
            node.write(&mut out);
        }
        out
    }

    /// The code of the blob.
    #[must_use]
    pub const fn config(&self) -> Config {
        self.config
    }

    /// Length of the blob in bytes.
    #[must_use]
    pub const fn unencoded_length(&self) -> u64 {
        self.unencoded_length
    }

    /// Bytes of a symbol.
    #[must_use]
    pub const fn symbol_bytes(&self) -> usize {
        self.symbol_bytes
    }

    /// Bytes of a sliver of `axis`.
    #[must_use]
    pub const fn sliver_bytes(&self, axis: Axis) -> usize {
        self.config.symbols_per_sliver(axis) * self.symbol_bytes
    }

    /// The root over all sliver hashes.
    #[must_use]
    pub const fn root_hash(&self) -> &Digest {
        &self.root_hash
    }

    /// The blob ID.
    #[must_use]
    pub const fn blob_id(&self) -> &Digest {
        &self.blob_id
    }

    /// The hash of sliver `index` of `axis`.
    ///
    /// # Errors
    ///
    /// Refuses an index that is not below the shard count.
    pub fn sliver_hash(&self, index: u16, axis: Axis) -> Result<&Digest> {
        let index = usize::from(self.config.check_index(u32::from(index))?);
        let [primary, secondary] = match axis {
            Axis::Primary => &self.pairs[index],
            Axis::Secondary => &self.pairs[self.config.n() - 1 - index],
        };
        Ok(match axis {
            Axis::Primary => primary.bytes(),
            Axis::Secondary => secondary.bytes(),
        })
    }

    /// The hashes of every pair in pair order, primary before secondary.
    #[must_use]
    pub fn hash_pairs(&self) -> Vec<u8> {
        self.pairs.as_flattened().iter().flat_map(|node| *node.bytes()).collect()
    }
}

/// The blob ID: the hash of encoding type, length and root.
#[must_use]
pub fn blob_id(unencoded_length: u64, root_hash: &Digest) -> Digest {
    let mut bytes = [0; 41];
    bytes[0] = ENCODING_TYPE_RS2;
    bytes[1..9].copy_from_slice(&unencoded_length.to_le_bytes());
    bytes[9..].copy_from_slice(root_hash);
    blake2b256(&bytes)
}
