//! Slivers as they travel, and their verification.
//!
//! SliverData in BCS: uleb(length) | data | symbol size u16 | sliver index u16. The axis is not in
//! the bytes.

use std::cell::RefCell;

use crate::bcs::{Reader, uleb_bytes, write_uleb};
use crate::config::{Axis, Config};
use crate::error::{Error, Result};
use crate::hash::Digest;
use crate::line_code::LineCode;
use crate::merkle::{EMPTY, hash_leaves, root_of};
use crate::metadata::BlobMetadata;

thread_local! {
    /// What the sliver that was verified last was extended to: memory for the next one.
    static EXTENDED: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// A sliver that is somewhere else in memory.
#[derive(Debug, Clone, Copy)]
pub struct Sliver<'a> {
    /// Its symbols.
    pub data: &'a [u8],
    /// Bytes of a symbol.
    pub symbol_bytes: usize,
    /// Row or column.
    pub index: u16,
}

impl<'a> Sliver<'a> {
    /// Parses BCS.
    ///
    /// # Errors
    ///
    /// [`Error::Bcs`].
    pub fn parse(bytes: &'a [u8]) -> Result<Self> {
        let mut reader = Reader::new(bytes);
        let data = reader.bytes()?;
        let symbol_bytes = usize::from(reader.u16()?);
        let index = reader.u16()?;
        reader.finish()?;
        if symbol_bytes == 0 {
            return Err(Error::Bcs("a symbol has no bytes"));
        }
        Ok(Self { data, symbol_bytes, index })
    }

    /// Checks index, symbol size and length against the metadata; not the content.
    ///
    /// # Errors
    ///
    /// The first of them that differs.
    pub fn check_shape(&self, metadata: &BlobMetadata, axis: Axis) -> Result<()> {
        metadata.config().check_index(u32::from(self.index))?;
        if self.symbol_bytes != metadata.symbol_bytes() {
            return Err(Error::SymbolSize {
                found: self.symbol_bytes,
                expected: metadata.symbol_bytes(),
            });
        }
        let expected = metadata.sliver_bytes(axis);
        if self.data.len() != expected {
            return Err(Error::SliverLength { found: self.data.len(), expected });
        }
        Ok(())
    }

    /// Checks everything against the metadata.
    ///
    /// # Errors
    ///
    /// The first of index, symbol size, length and Merkle root that differs.
    pub fn verify(&self, metadata: &BlobMetadata, axis: Axis) -> Result<()> {
        self.check_shape(metadata, axis)?;
        let mut leaves = EXTENDED.with_borrow_mut(|recovery| {
            expanded_leaves_in(recovery, self.data, self.symbol_bytes, metadata.config(), axis)
        })?;
        let root = root_of(&mut leaves);
        if root == *metadata.sliver_hash(self.index, axis)? { Ok(()) } else { Err(Error::Merkle) }
    }

    /// The symbol at position `position` of the expanded sliver is stored if it is a source symbol.
    #[must_use]
    pub fn source_symbol(&self, position: usize) -> Option<&'a [u8]> {
        self.data.get(position * self.symbol_bytes..(position + 1) * self.symbol_bytes)
    }
}

/// Verifies the BCS of the sliver that `pair` holds on `axis`.
///
/// # Errors
///
/// As [`Sliver::parse`] and [`Sliver::verify`], and for the sliver of another pair.
pub fn verify_sliver(metadata: &BlobMetadata, pair: u32, axis: Axis, bcs: &[u8]) -> Result<()> {
    let expected = metadata.config().sliver_index(pair, axis)?;
    let sliver = Sliver::parse(bcs)?;
    if sliver.index != expected {
        return Err(Error::SliverIndex { found: sliver.index, expected });
    }
    sliver.verify(metadata, axis)
}

/// The recovery symbols of a sliver: what its source symbols extend to.
///
/// # Errors
///
/// [`Error::Internal`] if the code refuses the size, which a checked shape rules out.
pub fn recovery_symbols(
    data: &[u8],
    symbol_bytes: usize,
    config: Config,
    axis: Axis,
) -> Result<Vec<u8>> {
    let mut recovery = Vec::new();
    extend(data, symbol_bytes, config, axis, &mut recovery)?;
    Ok(recovery)
}

/// As [`recovery_symbols`], in memory that is there as far as it goes.
fn extend(
    data: &[u8],
    symbol_bytes: usize,
    config: Config,
    axis: Axis,
    recovery: &mut Vec<u8>,
) -> Result<()> {
    let source_count = config.symbols_per_sliver(axis);
    let recovery_count = config.n() - source_count;
    recovery.resize(recovery_count * symbol_bytes, 0);
    LineCode::new(source_count, recovery_count, symbol_bytes)?
        .extend(data.chunks_exact(symbol_bytes), recovery)
}

/// The leaf hashes of all n symbols of a sliver.
///
/// # Errors
///
/// As [`recovery_symbols`].
pub fn expanded_leaves(
    data: &[u8],
    symbol_bytes: usize,
    config: Config,
    axis: Axis,
) -> Result<Vec<Digest>> {
    expanded_leaves_in(&mut Vec::new(), data, symbol_bytes, config, axis)
}

fn expanded_leaves_in(
    recovery: &mut Vec<u8>,
    data: &[u8],
    symbol_bytes: usize,
    config: Config,
    axis: Axis,
) -> Result<Vec<Digest>> {
    extend(data, symbol_bytes, config, axis, recovery)?;
    let mut leaves = vec![EMPTY; config.n()];
    let symbols = data.chunks_exact(symbol_bytes).chain(recovery.chunks_exact(symbol_bytes));
    hash_leaves(symbols, &mut leaves);
    Ok(leaves)
}

/// Bytes of the BCS of a sliver of `length` bytes.
#[must_use]
pub fn bcs_bytes(length: usize) -> usize {
    uleb_bytes(length) + length + 4
}

/// The BCS of a sliver whose symbols `symbols` yields.
pub fn to_bcs<'a>(
    length: usize,
    symbols: impl Iterator<Item = &'a [u8]>,
    symbol_bytes: u16,
    index: u16,
) -> Vec<u8> {
    let mut out = Vec::with_capacity(bcs_bytes(length));
    let mut put = |bytes: &[u8]| out.extend_from_slice(bytes);
    put_bcs(length, symbols, symbol_bytes, index, &mut put);
    out
}

/// Puts the BCS of a sliver whose symbols `symbols` yields, piece by piece.
pub fn put_bcs<'a>(
    length: usize,
    symbols: impl Iterator<Item = &'a [u8]>,
    symbol_bytes: u16,
    index: u16,
    put: &mut dyn FnMut(&[u8]),
) {
    let mut prefix = Vec::with_capacity(uleb_bytes(length));
    write_uleb(&mut prefix, length);
    put(&prefix);
    for symbol in symbols {
        put(symbol);
    }
    put(&symbol_bytes.to_le_bytes());
    put(&index.to_le_bytes());
}
