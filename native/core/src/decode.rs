//! Slivers to the blob: from any p primary or any s secondary ones.

use floe_speed::memory::zeroed;
use rayon::prelude::*;

use crate::cancel::Cancel;
use crate::config::Axis;
use crate::encode::compute_metadata;
use crate::error::{Error, Result};
use crate::line_code::repair;
use crate::merkle::root_of;
use crate::metadata::BlobMetadata;
use crate::sliver::{Sliver, expanded_leaves};

/// How the decoded blob is compared with what the metadata commits to.
///
/// Whoever wrote a blob may have encoded it wrongly, so that different slivers give different
/// blobs although each matches its hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consistency {
    /// The systematic primary slivers, which are the blob's bytes, are hashed. Everybody who reads
    /// with this level reads the same bytes or none.
    Systematic {
        /// Whether each given sliver was verified before, so that it needs no second hash.
        is_verified: bool,
    },
    /// The blob is encoded again and must give the same blob ID: every sliver is right.
    Strict,
}

/// Rebuilds the blob. Slivers beyond the needed number, and repeated ones, are ignored.
///
/// # Errors
///
/// [`Error::Insufficient`], the first sliver's wrong shape, [`Error::Inconsistent`],
/// [`Error::Cancelled`].
pub fn decode(
    metadata: &BlobMetadata,
    axis: Axis,
    slivers: &[Sliver<'_>],
    consistency: Consistency,
    cancel: &Cancel,
) -> Result<Vec<u8>> {
    let config = metadata.config();
    let source_count = config.source_count(axis);
    let chosen = choose(metadata, axis, slivers)?;
    let missing: Vec<usize> = {
        let mut is_missing = vec![true; source_count];
        for (index, _) in &chosen {
            if let Some(is_missing) = is_missing.get_mut(*index) {
                *is_missing = false;
            }
        }
        (0..source_count).filter(|index| is_missing[*index]).collect()
    };
    let recovery_count = config.n() - source_count;
    let repaired = if missing.is_empty() {
        Vec::new()
    } else {
        repair(source_count, recovery_count, metadata.symbol_bytes(), &chosen, &missing, cancel)?
    };
    let mut lines: Vec<&[u8]> = vec![&[]; source_count];
    for (index, line) in &chosen {
        if let Some(slot) = lines.get_mut(*index) {
            *slot = line;
        }
    }
    for (index, line) in missing.iter().zip(&repaired) {
        lines[*index] = line;
    }
    let mut blob = assemble(metadata, axis, &lines);
    if let Consistency::Systematic { is_verified } = consistency {
        let received = |row: &usize| {
            is_verified && axis == Axis::Primary && missing.binary_search(row).is_err()
        };
        check_rows(metadata, &blob, received, cancel)?;
    }
    let length = usize::try_from(metadata.unencoded_length())
        .map_err(|_| Error::Internal("a decoded blob fits memory"))?;
    blob.truncate(length);
    if consistency == Consistency::Strict
        && compute_metadata(&blob, config, cancel)?.blob_id() != metadata.blob_id()
    {
        return Err(Error::Inconsistent);
    }
    Ok(blob)
}

/// As many different slivers as decoding takes, systematic ones first.
fn choose<'a>(
    metadata: &BlobMetadata,
    axis: Axis,
    slivers: &[Sliver<'a>],
) -> Result<Vec<(usize, &'a [u8])>> {
    let needed = metadata.config().source_count(axis);
    let mut by_index: Vec<Option<&'a [u8]>> = vec![None; metadata.config().n()];
    for sliver in slivers {
        sliver.check_shape(metadata, axis)?;
        by_index[usize::from(sliver.index)] = Some(sliver.data);
    }
    let mut chosen: Vec<(usize, &[u8])> = by_index
        .into_iter()
        .enumerate()
        .filter_map(|(index, data)| data.map(|data| (index, data)))
        .collect();
    if chosen.len() < needed {
        return Err(Error::Insufficient { found: chosen.len(), needed });
    }
    chosen.truncate(needed);
    Ok(chosen)
}

/// The padded blob from the p source rows or the s source columns.
fn assemble(metadata: &BlobMetadata, axis: Axis, lines: &[&[u8]]) -> Vec<u8> {
    let symbol_bytes = metadata.symbol_bytes();
    let row_bytes = metadata.sliver_bytes(Axis::Primary);
    let mut blob = zeroed(metadata.config().primary_source_count() * row_bytes);
    blob.par_chunks_mut(row_bytes).enumerate().for_each(|(row, out)| match axis {
        Axis::Primary => out.copy_from_slice(lines[row]),
        Axis::Secondary => {
            let start = row * symbol_bytes;
            for (out, column) in out.chunks_exact_mut(symbol_bytes).zip(lines) {
                out.copy_from_slice(&column[start..start + symbol_bytes]);
            }
        }
    });
    blob
}

/// Compares the hash of every systematic row that is not `known` to be right.
fn check_rows(
    metadata: &BlobMetadata,
    padded_blob: &[u8],
    known: impl Fn(&usize) -> bool + Sync,
    cancel: &Cancel,
) -> Result<()> {
    let row_bytes = metadata.sliver_bytes(Axis::Primary);
    padded_blob.par_chunks(row_bytes).enumerate().filter(|(row, _)| !known(row)).try_for_each(
        |(row, data)| {
            cancel.check()?;
            let index = u16::try_from(row).map_err(|_| Error::Internal("a row is a u16"))?;
            let config = metadata.config();
            let mut leaves = expanded_leaves(data, metadata.symbol_bytes(), config, Axis::Primary)?;
            if root_of(&mut leaves) == *metadata.sliver_hash(index, Axis::Primary)? {
                Ok(())
            } else {
                Err(Error::Inconsistent)
            }
        },
    )
}
