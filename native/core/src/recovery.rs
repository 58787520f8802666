//! A sliver from symbols of slivers of the other axis, and proof that it cannot be rebuilt.
//!
//! Primary sliver `i` crosses secondary sliver `j` in symbol (i, j). So the holder of one axis can
//! give anybody one symbol of each sliver of the other. Each comes with its Merkle path under the
//! hash of the sliver it was taken from.
//!
//! ```text
//! recovery symbol      axis of the target u8 (0 primary) | source index u16 | bytes(symbol)
//!                      | target index u16 | vector<node> path, leaf level first
//! decoding symbol      axis of the target u8 | source index u16 | bytes(symbol)
//! inconsistency proof  target index u16 | vector of { source index u16, bytes(symbol), path }
//! ```

use crate::bcs::{Reader, write_bytes, write_uleb};
use crate::cancel::Cancel;
use crate::config::{Axis, Config};
use crate::error::{Error, Result};
use crate::line_code::repair;
use crate::merkle::{Node, Tree, height, read_path, root_from_path, root_of, write_path};
use crate::metadata::BlobMetadata;
use crate::sliver::{Sliver, expanded_leaves, recovery_symbols, to_bcs};

const fn axis_tag(axis: Axis) -> u8 {
    match axis {
        Axis::Primary => 0,
        Axis::Secondary => 1,
    }
}

fn read_axis(reader: &mut Reader<'_>) -> Result<Axis> {
    match reader.u8()? {
        0 => Ok(Axis::Primary),
        1 => Ok(Axis::Secondary),
        _ => Err(Error::Bcs("a symbol is for a primary or a secondary sliver")),
    }
}

/// A sliver with all its n symbols and the tree over them, ready to give symbols away.
#[derive(Debug)]
pub struct ExpandedSliver {
    axis: Axis,
    index: u16,
    config: Config,
    symbol_bytes: usize,
    symbols: Vec<u8>,
    tree: Tree,
}

impl ExpandedSliver {
    /// Expands a sliver, which must have the shape that the metadata requires.
    ///
    /// # Errors
    ///
    /// As [`Sliver::check_shape`], and [`Error::Merkle`] if it is not the sliver of the metadata.
    pub fn new(metadata: &BlobMetadata, axis: Axis, sliver: &Sliver<'_>) -> Result<Self> {
        sliver.check_shape(metadata, axis)?;
        let config = metadata.config();
        let symbol_bytes = metadata.symbol_bytes();
        let tree = Tree::new(expanded_leaves(sliver.data, symbol_bytes, config, axis)?);
        if tree.root() != *metadata.sliver_hash(sliver.index, axis)? {
            return Err(Error::Merkle);
        }
        let mut symbols = sliver.data.to_vec();
        symbols.extend(recovery_symbols(sliver.data, symbol_bytes, config, axis)?);
        Ok(Self { axis, index: sliver.index, config, symbol_bytes, symbols, tree })
    }

    fn symbol(&self, target: u32) -> Result<(u16, &[u8])> {
        let target = self.config.check_index(target)?;
        let start = usize::from(target) * self.symbol_bytes;
        Ok((target, &self.symbols[start..start + self.symbol_bytes]))
    }

    /// The BCS of the recovery symbol for sliver `target` of the other axis.
    ///
    /// # Errors
    ///
    /// Refuses a target that is not below the shard count.
    pub fn recovery_symbol(&self, target: u32) -> Result<Vec<u8>> {
        let (target, symbol) = self.symbol(target)?;
        let mut out = self.symbol_head(symbol);
        out.extend_from_slice(&target.to_le_bytes());
        write_path(&mut out, &self.tree.path(usize::from(target)));
        Ok(out)
    }

    /// The BCS of the decoding symbol for sliver `target` of the other axis.
    ///
    /// # Errors
    ///
    /// Refuses a target that is not below the shard count.
    pub fn decoding_symbol(&self, target: u32) -> Result<Vec<u8>> {
        let (_, symbol) = self.symbol(target)?;
        Ok(self.symbol_head(symbol))
    }

    fn symbol_head(&self, symbol: &[u8]) -> Vec<u8> {
        let mut out = vec![axis_tag(self.axis.other())];
        out.extend_from_slice(&self.index.to_le_bytes());
        write_bytes(&mut out, symbol);
        out
    }
}

/// A symbol for a target sliver, with its path.
#[derive(Debug, Clone)]
pub struct RecoverySymbol<'a> {
    /// Axis of the sliver it helps to rebuild.
    pub target_axis: Axis,
    /// The sliver of the other axis that it was taken from.
    pub source_index: u16,
    /// The sliver it helps to rebuild.
    pub target_index: u16,
    /// The symbol itself.
    pub symbol: &'a [u8],
    path: Vec<Node>,
}

impl<'a> RecoverySymbol<'a> {
    /// Parses the BCS of a recovery symbol.
    ///
    /// # Errors
    ///
    /// [`Error::Bcs`], [`Error::ProofLength`].
    pub fn parse(bytes: &'a [u8], config: Config) -> Result<Self> {
        let mut reader = Reader::new(bytes);
        let symbol = Self::read(&mut reader, config)?;
        reader.finish()?;
        Ok(symbol)
    }

    fn read(reader: &mut Reader<'a>, config: Config) -> Result<Self> {
        let target_axis = read_axis(reader)?;
        let source_index = reader.u16()?;
        let symbol = reader.bytes()?;
        let target_index = reader.u16()?;
        let path = read_path(reader, height(config.n()))?;
        Ok(Self { target_axis, source_index, target_index, symbol, path })
    }

    /// Checks size and path against the metadata.
    ///
    /// # Errors
    ///
    /// The first thing that differs.
    pub fn verify(&self, metadata: &BlobMetadata) -> Result<()> {
        let config = metadata.config();
        config.check_index(u32::from(self.target_index))?;
        if self.symbol.len() != metadata.symbol_bytes() {
            return Err(Error::SymbolSize {
                found: self.symbol.len(),
                expected: metadata.symbol_bytes(),
            });
        }
        let root = metadata.sliver_hash(self.source_index, self.target_axis.other())?;
        if self.path.len() == height(config.n())
            && root_from_path(self.symbol, usize::from(self.target_index), &self.path)
                == Some(*root)
        {
            Ok(())
        } else {
            Err(Error::Merkle)
        }
    }
}

/// Cuts the BCS of a vector of recovery symbols into them, without judging any.
///
/// # Errors
///
/// [`Error::Bcs`], [`Error::ProofLength`], and [`Error::Argument`] for more than any node has.
pub fn split_recovery_symbols(bytes: &[u8], config: Config) -> Result<Vec<&[u8]>> {
    let mut reader = Reader::new(bytes);
    let count = reader.uleb()?;
    // One symbol of each sliver for each sliver of both axes.
    if count > 2 * config.n() * config.n() {
        return Err(Error::Argument("there are more symbols than a blob has"));
    }
    let mut symbols = Vec::new();
    for _ in 0..count {
        let rest = reader.rest();
        RecoverySymbol::read(&mut reader, config)?;
        symbols.push(&rest[..rest.len() - reader.rest().len()]);
    }
    reader.finish()?;
    Ok(symbols)
}

/// What symbols give.
#[derive(Debug, PartialEq, Eq)]
pub enum Recovered {
    /// The BCS of the sliver, which has the hash of the metadata.
    Sliver(Vec<u8>),
    /// The symbols are those of their slivers, and yet they rebuild another sliver: the blob was
    /// encoded inconsistently. The BCS proves it to anybody.
    Inconsistent(Vec<u8>),
}

/// Rebuilds sliver `target_index` of `target_axis` from the BCS of recovery symbols.
///
/// Every symbol is verified. Symbols beyond the needed number, and repeated ones, are ignored.
///
/// # Errors
///
/// The first symbol that is not valid or is for another target; [`Error::Insufficient`].
pub fn recover_sliver(
    metadata: &BlobMetadata,
    target_axis: Axis,
    target_index: u16,
    symbols: &[&[u8]],
) -> Result<Recovered> {
    let config = metadata.config();
    let mut by_source: Vec<Option<RecoverySymbol<'_>>> = vec![None; config.n()];
    for bytes in symbols {
        let symbol = RecoverySymbol::parse(bytes, config)?;
        symbol.verify(metadata)?;
        if symbol.target_axis != target_axis {
            return Err(Error::Argument("the symbol is for a sliver of the other axis"));
        }
        if symbol.target_index != target_index {
            return Err(Error::SliverIndex { found: symbol.target_index, expected: target_index });
        }
        let source = usize::from(symbol.source_index);
        by_source[source] = Some(symbol);
    }
    let needed = config.symbols_per_sliver(target_axis);
    let found: Vec<&RecoverySymbol<'_>> = by_source.iter().flatten().take(needed).collect();
    let known: Vec<(usize, &[u8])> =
        found.iter().map(|symbol| (usize::from(symbol.source_index), symbol.symbol)).collect();
    let data = rebuild(metadata, target_axis, &known)?;
    if is_sliver_of(metadata, target_axis, target_index, &data)? {
        return Ok(Recovered::Sliver(sliver_bcs(metadata, target_index, &data)?));
    }
    let mut proof = target_index.to_le_bytes().to_vec();
    write_uleb(&mut proof, found.len());
    for symbol in found {
        proof.extend_from_slice(&symbol.source_index.to_le_bytes());
        write_bytes(&mut proof, symbol.symbol);
        write_path(&mut proof, &symbol.path);
    }
    Ok(Recovered::Inconsistent(proof))
}

/// Rebuilds sliver `target_index` of `target_axis` from the BCS of decoding symbols.
///
/// They carry no path, so the rebuilt sliver is all that can be verified.
///
/// # Errors
///
/// [`Error::Merkle`] if it is not the sliver of the metadata, else as [`recover_sliver`].
pub fn recover_sliver_unproven(
    metadata: &BlobMetadata,
    target_axis: Axis,
    target_index: u16,
    symbols: &[&[u8]],
) -> Result<Vec<u8>> {
    let config = metadata.config();
    let mut by_source: Vec<Option<&[u8]>> = vec![None; config.n()];
    for bytes in symbols {
        let mut reader = Reader::new(bytes);
        if read_axis(&mut reader)? != target_axis {
            return Err(Error::Argument("the symbol is for a sliver of the other axis"));
        }
        let source = config.check_index(u32::from(reader.u16()?))?;
        let symbol = reader.bytes()?;
        reader.finish()?;
        if symbol.len() != metadata.symbol_bytes() {
            let expected = metadata.symbol_bytes();
            return Err(Error::SymbolSize { found: symbol.len(), expected });
        }
        by_source[usize::from(source)] = Some(symbol);
    }
    let known: Vec<(usize, &[u8])> = by_source
        .iter()
        .enumerate()
        .filter_map(|(index, symbol)| symbol.map(|symbol| (index, symbol)))
        .take(config.symbols_per_sliver(target_axis))
        .collect();
    let data = rebuild(metadata, target_axis, &known)?;
    if is_sliver_of(metadata, target_axis, target_index, &data)? {
        sliver_bcs(metadata, target_index, &data)
    } else {
        Err(Error::Merkle)
    }
}

/// Checks the BCS of a proof that sliver `target` of `target_axis` cannot be rebuilt.
///
/// # Errors
///
/// [`Error::ProofShowsNothing`] if it can; otherwise what makes the proof invalid.
pub fn verify_inconsistency_proof(
    metadata: &BlobMetadata,
    target_axis: Axis,
    proof: &[u8],
) -> Result<()> {
    let config = metadata.config();
    let needed = config.symbols_per_sliver(target_axis);
    let mut reader = Reader::new(proof);
    let target_index = config.check_index(u32::from(reader.u16()?))?;
    let count = reader.uleb()?;
    if count != needed {
        return Err(Error::Insufficient { found: count, needed });
    }
    let mut known: Vec<(usize, &[u8])> = Vec::with_capacity(needed);
    for _ in 0..needed {
        let symbol = RecoverySymbol {
            target_axis,
            target_index,
            source_index: reader.u16()?,
            symbol: reader.bytes()?,
            path: read_path(&mut reader, height(config.n()))?,
        };
        symbol.verify(metadata)?;
        let source = usize::from(symbol.source_index);
        if known.iter().any(|(index, _)| *index == source) {
            return Err(Error::Insufficient { found: known.len(), needed });
        }
        known.push((source, symbol.symbol));
    }
    reader.finish()?;
    let data = rebuild(metadata, target_axis, &known)?;
    if is_sliver_of(metadata, target_axis, target_index, &data)? {
        Err(Error::ProofShowsNothing)
    } else {
        Ok(())
    }
}

/// The source symbols of a sliver from as many symbols of its line.
fn rebuild(metadata: &BlobMetadata, axis: Axis, known: &[(usize, &[u8])]) -> Result<Vec<u8>> {
    let config = metadata.config();
    let source_count = config.symbols_per_sliver(axis);
    if known.len() < source_count {
        return Err(Error::Insufficient { found: known.len(), needed: source_count });
    }
    let mut symbols: Vec<Option<&[u8]>> = vec![None; source_count];
    for (index, symbol) in known {
        if let Some(slot) = symbols.get_mut(*index) {
            *slot = Some(symbol);
        }
    }
    let missing: Vec<usize> = (0..source_count).filter(|index| symbols[*index].is_none()).collect();
    let recovery_count = config.n() - source_count;
    let repaired = if missing.is_empty() {
        Vec::new()
    } else {
        let symbol_bytes = metadata.symbol_bytes();
        repair(source_count, recovery_count, symbol_bytes, known, &missing, &Cancel::default())?
    };
    let mut repaired = repaired.iter();
    let mut data = Vec::with_capacity(metadata.sliver_bytes(axis));
    for symbol in symbols {
        let symbol = symbol.or_else(|| repaired.next().map(Vec::as_slice));
        data.extend_from_slice(symbol.ok_or(Error::Internal("every missing symbol is repaired"))?);
    }
    Ok(data)
}

fn is_sliver_of(metadata: &BlobMetadata, axis: Axis, index: u16, data: &[u8]) -> Result<bool> {
    let mut leaves = expanded_leaves(data, metadata.symbol_bytes(), metadata.config(), axis)?;
    Ok(root_of(&mut leaves) == *metadata.sliver_hash(index, axis)?)
}

fn sliver_bcs(metadata: &BlobMetadata, index: u16, data: &[u8]) -> Result<Vec<u8>> {
    let symbol_bytes = u16::try_from(metadata.symbol_bytes())
        .map_err(|_| Error::Internal("a symbol size is a u16"))?;
    Ok(to_bcs(data.len(), core::iter::once(data), symbol_bytes, index))
}
