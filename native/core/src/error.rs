//! Everything that can be wrong with what a caller gave.
//!
//! A code is a stable name for other languages: TypeScript maps it, people read the message.

use thiserror::Error;

/// A refusal. Messages are lower case, one fact each, with numbers where they help.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Error {
    /// The shard count has no code: fewer than four shards tolerate no fault.
    #[error("{shard_count} shards have no encoding; there must be 4 to 65534")]
    ShardCount {
        /// What was given.
        shard_count: u32,
    },
    /// The blob needs symbols beyond 65,534 bytes.
    #[error("the blob has {length} bytes; {shard_count} shards hold {max} at most")]
    BlobTooLarge {
        /// Bytes of the blob.
        length: u64,
        /// The largest blob.
        max: u64,
        /// Shards it was to be spread over.
        shard_count: u16,
    },
    /// Bytes that are no BCS of the expected type.
    #[error("not valid BCS: {0}")]
    Bcs(&'static str),
    /// The metadata is of an encoding that is not RS2, or of another version.
    #[error("the encoding type {0} is not supported")]
    EncodingType(u8),
    /// The metadata lists slivers for another number of shards.
    #[error("the metadata names {found} sliver pairs, not {expected}")]
    HashCount {
        /// Sliver pairs in the metadata.
        found: usize,
        /// Shards of the network.
        expected: usize,
    },
    /// A sliver or symbol is not the one that was asked for.
    #[error("the sliver has index {found}, not {expected}")]
    SliverIndex {
        /// Index in the bytes.
        found: u16,
        /// Index that the pair and axis require.
        expected: u16,
    },
    /// A position that does not exist.
    #[error("index {index} is out of range; there are {count}")]
    IndexOutOfRange {
        /// What was given.
        index: u32,
        /// How many there are.
        count: u32,
    },
    /// The sliver's symbols have another size than the metadata requires.
    #[error("the symbols have {found} bytes, not {expected}")]
    SymbolSize {
        /// Size in the bytes.
        found: usize,
        /// Size that the blob's length requires.
        expected: usize,
    },
    /// The sliver is longer or shorter than the metadata requires.
    #[error("the sliver has {found} bytes, not {expected}")]
    SliverLength {
        /// Length in the bytes.
        found: usize,
        /// Length that the blob's length requires.
        expected: usize,
    },
    /// The Merkle root differs from the one in the metadata.
    #[error("the Merkle root does not match the metadata")]
    Merkle,
    /// A Merkle path is longer than the tree is high.
    #[error("the Merkle path has {found} nodes; the tree has {max} levels")]
    ProofLength {
        /// Nodes in the path.
        found: usize,
        /// Levels of the tree.
        max: usize,
    },
    /// Too few different slivers or symbols to decode.
    #[error("{found} different ones were given; decoding takes {needed}")]
    Insufficient {
        /// Different indices given.
        found: usize,
        /// How many the code needs.
        needed: usize,
    },
    /// The decoded blob is not what the metadata commits to: its writer encoded it wrongly.
    #[error("the blob was encoded inconsistently")]
    Inconsistent,
    /// The proof shows nothing: the sliver it rebuilds matches the metadata.
    #[error("the symbols rebuild the sliver that the metadata names")]
    ProofShowsNothing,
    /// A public key is not a point of the right group.
    #[error("not a valid BLS12-381 public key")]
    PublicKey,
    /// A signature is not a point of the right group.
    #[error("not a valid BLS12-381 signature")]
    Signature,
    /// A secret key is out of range.
    #[error("not a valid BLS12-381 secret key")]
    SecretKey,
    /// An argument breaks the contract of the function.
    #[error("{0}")]
    Argument(&'static str),
    /// Sealed bytes of a newer format.
    #[error("sealed bytes of version {0} are not known")]
    SealVersion(u8),
    /// Sealed bytes that do not open: another key, another place, or damage.
    #[error("the sealed bytes do not open: {0}")]
    SealDamaged(&'static str),
    /// The caller changed its mind.
    #[error("cancelled")]
    Cancelled,
    /// A broken assumption of our own.
    #[error("{0}")]
    Internal(&'static str),
}

impl Error {
    /// The stable name of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::ShardCount { .. } => "shard-count",
            Self::BlobTooLarge { .. } => "blob-too-large",
            Self::Bcs(_) => "bcs",
            Self::EncodingType(_) => "encoding-type",
            Self::HashCount { .. } => "hash-count",
            Self::SliverIndex { .. } | Self::IndexOutOfRange { .. } => "index",
            Self::SymbolSize { .. } => "symbol-size",
            Self::SliverLength { .. } => "length",
            Self::Merkle | Self::ProofLength { .. } => "merkle",
            Self::Insufficient { .. } => "insufficient",
            Self::Inconsistent => "inconsistent",
            Self::ProofShowsNothing => "proof-shows-nothing",
            Self::PublicKey => "public-key",
            Self::Signature => "signature",
            Self::SecretKey => "secret-key",
            Self::Argument(_) => "argument",
            Self::SealVersion(_) => "seal-version",
            Self::SealDamaged(_) => "seal-damaged",
            Self::Cancelled => "cancelled",
            Self::Internal(_) => "internal",
        }
    }
}

/// A result of this crate.
pub type Result<T> = core::result::Result<T, Error>;
