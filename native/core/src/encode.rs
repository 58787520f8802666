//! A blob to sliver pairs and metadata.
//!
//! Only what the blob does not contain is kept: the recovery symbols. With the matrix of
//! [`crate::config`], the blob is the top left part, and two buffers hold the rest of what slivers
//! are made of:
//!
//! ```text
//!              s columns    f columns
//!            +------------+----------+
//!     p rows | the blob   | right    |   row by row: a row's recovery symbols
//!            +------------+----------+
//!    2f rows | below      | (hashed) |   `below` column by column: a column's recovery symbols
//!            +------------+----------+
//! ```
//!
//! Symbol (r, c) has the same leaf hash in the tree of its row and in that of its column, so each
//! of the n * n symbols is hashed once. Columns are worked off in batches; their leaves (32 n^2
//! bytes) are kept for the trees of the rows. Slivers are framed on demand.

use floe_speed::memory::zeroed;
use rayon::prelude::*;

use crate::cancel::Cancel;
use crate::config::{Axis, Config};
use crate::error::{Error, Result};
use crate::hash::Digest;
use crate::line_code::LineCode;
use crate::merkle::{EMPTY, hash_leaves, root_of};
use crate::metadata::BlobMetadata;
use crate::sliver;

/// Bytes of symbols that one task works off before it looks for a cancellation.
const BATCH_BYTES_TARGET: usize = 4 * 1024 * 1024;

/// The blob as p rows of s symbols. Symbols beyond its end are zeros.
struct Matrix<'a> {
    blob: &'a [u8],
    symbol_bytes: usize,
    columns: usize,
    /// The symbol that the blob's end falls into, padded; empty if none.
    edge: Vec<u8>,
    zeros: Vec<u8>,
}

impl<'a> Matrix<'a> {
    fn new(blob: &'a [u8], symbol_bytes: usize, columns: usize) -> Self {
        let mut edge = blob[blob.len() - blob.len() % symbol_bytes..].to_vec();
        edge.resize(symbol_bytes, 0);
        Self { blob, symbol_bytes, columns, edge, zeros: vec![0; symbol_bytes] }
    }

    fn symbol(&self, row: usize, column: usize) -> &[u8] {
        let start = (row * self.columns + column) * self.symbol_bytes;
        match self.blob.get(start..start + self.symbol_bytes) {
            Some(symbol) => symbol,
            None if start < self.blob.len() => &self.edge,
            None => &self.zeros,
        }
    }
}

/// What a blob extends to. Slivers also need the blob itself: see [`Encoded::sliver`].
#[derive(Debug)]
pub struct Encoded {
    metadata: BlobMetadata,
    right: Vec<u8>,
    below: Vec<u8>,
}

/// What an earlier blob was extended to and nobody needs any more: the next one is encoded in it.
///
/// Fresh memory is several times the blob, and the kernel clears every page of it first.
#[derive(Debug, Default)]
pub struct Spare {
    right: Vec<u8>,
    below: Vec<u8>,
}

/// Encodes `blob`.
///
/// # Errors
///
/// [`Error::BlobTooLarge`], [`Error::Cancelled`].
pub fn encode(blob: &[u8], config: Config, cancel: &Cancel) -> Result<Encoded> {
    encode_in(Spare::default(), blob, config, cancel)
}

/// As [`encode`], in memory that is there as far as it goes.
///
/// # Errors
///
/// As [`encode`].
pub fn encode_in(spare: Spare, blob: &[u8], config: Config, cancel: &Cancel) -> Result<Encoded> {
    let encoder = Encoder::new(blob, config, cancel)?;
    let right = encoder.extend_rows(spare.right)?;
    let below_column_bytes = encoder.below_symbols() * encoder.symbol_bytes;
    let mut below = sized(spare.below, config.secondary_source_count() * below_column_bytes);
    let metadata = encoder.hash(&right, Some(&mut below))?;
    Ok(Encoded { metadata, right, below })
}

/// A buffer of `length` bytes with anything in it.
fn sized(mut spare: Vec<u8>, length: usize) -> Vec<u8> {
    if spare.capacity() < length {
        return zeroed(length);
    }
    spare.resize(length, 0);
    spare
}

/// The metadata of `blob`, in about a quarter of the memory that encoding takes.
///
/// # Errors
///
/// As [`encode`].
pub fn compute_metadata(blob: &[u8], config: Config, cancel: &Cancel) -> Result<BlobMetadata> {
    let encoder = Encoder::new(blob, config, cancel)?;
    let right = encoder.extend_rows(Vec::new())?;
    encoder.hash(&right, None)
}

struct Encoder<'a> {
    config: Config,
    cancel: &'a Cancel,
    matrix: Matrix<'a>,
    symbol_bytes: usize,
}

impl<'a> Encoder<'a> {
    fn new(blob: &'a [u8], config: Config, cancel: &'a Cancel) -> Result<Self> {
        let symbol_bytes = config.symbol_bytes(blob.len() as u64)?;
        let matrix = Matrix::new(blob, symbol_bytes, config.secondary_source_count());
        Ok(Self { config, cancel, matrix, symbol_bytes })
    }

    /// Columns right of the blob.
    const fn right_symbols(&self) -> usize {
        self.config.n() - self.config.secondary_source_count()
    }

    /// Rows below the blob.
    const fn below_symbols(&self) -> usize {
        self.config.n() - self.config.primary_source_count()
    }

    /// Lines of `line_bytes` that make a batch, not more than share the work among the cores.
    fn lines_per_batch(line_bytes: usize, lines: usize) -> usize {
        let shared = lines.div_ceil(4 * rayon::current_num_threads());
        (BATCH_BYTES_TARGET / line_bytes.max(1)).clamp(1, shared.max(1))
    }

    fn extend_rows(&self, spare: Vec<u8>) -> Result<Vec<u8>> {
        let rows = self.config.primary_source_count();
        let columns = self.config.secondary_source_count();
        let row_bytes = self.right_symbols() * self.symbol_bytes;
        let mut right = sized(spare, rows * row_bytes);
        let batch = Self::lines_per_batch(self.config.n() * self.symbol_bytes, rows);
        right.par_chunks_mut(batch * row_bytes).enumerate().try_for_each(|(index, out)| {
            self.cancel.check()?;
            let mut code = LineCode::new(columns, self.right_symbols(), self.symbol_bytes)?;
            for (row, out) in (index * batch..).zip(out.chunks_exact_mut(row_bytes)) {
                code.extend((0..columns).map(|column| self.matrix.symbol(row, column)), out)?;
            }
            Ok(())
        })?;
        Ok(right)
    }

    /// Extends every column, hashes every symbol once, and keeps what is below the blob if asked.
    fn hash(&self, right: &[u8], below: Option<&mut [u8]>) -> Result<BlobMetadata> {
        let n = self.config.n();
        let columns = self.config.secondary_source_count();
        let column_bytes = self.below_symbols() * self.symbol_bytes;
        let batch = Self::lines_per_batch(n * self.symbol_bytes, columns);
        let mut leaves = vec![EMPTY; n * n];
        let mut secondary = vec![EMPTY; n];
        let (left_leaves, right_leaves) = leaves.split_at_mut(columns * n);
        let (left_roots, right_roots) = secondary.split_at_mut(columns);
        match below {
            Some(below) => below
                .par_chunks_mut(batch * column_bytes)
                .zip(left_leaves.par_chunks_mut(batch * n))
                .zip(left_roots.par_chunks_mut(batch))
                .enumerate()
                .try_for_each(|(index, ((below, leaves), roots))| {
                    self.hash_columns(index * batch, right, Some(below), leaves, roots)
                })?,
            None => left_leaves
                .par_chunks_mut(batch * n)
                .zip(left_roots.par_chunks_mut(batch))
                .enumerate()
                .try_for_each(|(index, (leaves, roots))| {
                    self.hash_columns(index * batch, right, None, leaves, roots)
                })?,
        }
        right_leaves
            .par_chunks_mut(batch * n)
            .zip(right_roots.par_chunks_mut(batch))
            .enumerate()
            .try_for_each(|(index, (leaves, roots))| {
            self.hash_columns(columns + index * batch, right, None, leaves, roots)
        })?;
        let primary = self.row_roots(&leaves)?;
        BlobMetadata::new(self.config, self.matrix.blob.len() as u64, &primary, &secondary)
    }

    /// The work of one task: as many columns from `first` on as there are `roots`.
    fn hash_columns(
        &self,
        first: usize,
        right: &[u8],
        mut below: Option<&mut [u8]>,
        leaves: &mut [Digest],
        roots: &mut [Digest],
    ) -> Result<()> {
        self.cancel.check()?;
        let (n, rows) = (self.config.n(), self.config.primary_source_count());
        let column_bytes = self.below_symbols() * self.symbol_bytes;
        let mut code = LineCode::new(rows, self.below_symbols(), self.symbol_bytes)?;
        let mut scratch = if below.is_none() { vec![0; column_bytes] } else { Vec::new() };
        let mut tree = Vec::with_capacity(n);
        for (offset, (leaves, root)) in leaves.chunks_exact_mut(n).zip(roots).enumerate() {
            let out = match &mut below {
                Some(below) => &mut below[offset * column_bytes..(offset + 1) * column_bytes],
                None => scratch.as_mut_slice(),
            };
            let source = (0..rows).map(|row| self.source_symbol(row, first + offset, right));
            code.extend(source.clone(), out)?;
            hash_leaves(source.chain(out.chunks_exact(self.symbol_bytes)), leaves);
            tree.clear();
            tree.extend_from_slice(leaves);
            *root = root_of(&mut tree);
        }
        Ok(())
    }

    /// The symbol at (row, column) for a row of the blob, any column.
    fn source_symbol<'b>(&'b self, row: usize, column: usize, right: &'b [u8]) -> &'b [u8] {
        source_symbol(&self.matrix, row, column, right, self.right_symbols())
    }

    /// The root of every row, from the leaves of every column.
    fn row_roots(&self, leaves: &[Digest]) -> Result<Vec<Digest>> {
        /// Rows gathered at once, so that whole cache lines are used.
        const ROWS: usize = 8;
        let n = self.config.n();
        let mut roots = vec![EMPTY; n];
        roots.par_chunks_mut(ROWS).enumerate().try_for_each(|(index, roots)| {
            self.cancel.check()?;
            let first = index * ROWS;
            let mut rows = vec![Vec::with_capacity(n); roots.len()];
            for column in leaves.chunks_exact(n) {
                for (row, leaf) in rows.iter_mut().zip(&column[first..]) {
                    row.push(*leaf);
                }
            }
            for (root, row) in roots.iter_mut().zip(&mut rows) {
                *root = root_of(row);
            }
            Ok(())
        })?;
        Ok(roots)
    }
}

fn source_symbol<'b>(
    matrix: &'b Matrix<'_>,
    row: usize,
    column: usize,
    right: &'b [u8],
    right_symbols: usize,
) -> &'b [u8] {
    match column.checked_sub(matrix.columns) {
        None => matrix.symbol(row, column),
        Some(column) => {
            let start = (row * right_symbols + column) * matrix.symbol_bytes;
            &right[start..start + matrix.symbol_bytes]
        }
    }
}

impl Encoded {
    /// The metadata.
    #[must_use]
    pub const fn metadata(&self) -> &BlobMetadata {
        &self.metadata
    }

    /// The memory, for another blob.
    #[must_use]
    pub fn into_spare(self) -> Spare {
        Spare { right: self.right, below: self.below }
    }

    /// The BCS of the sliver that `pair` holds on `axis`. `blob` must be what was encoded.
    ///
    /// # Errors
    ///
    /// Refuses a pair that is not below the shard count, and a blob of another length.
    pub fn sliver(&self, blob: &[u8], pair: u32, axis: Axis) -> Result<Vec<u8>> {
        let mut out = Vec::with_capacity(sliver::bcs_bytes(self.metadata.sliver_bytes(axis)));
        self.put_sliver(blob, pair, axis, &mut |bytes| out.extend_from_slice(bytes))?;
        Ok(out)
    }

    /// As [`Encoded::sliver`], into memory that is there. Gives the bytes written.
    ///
    /// # Errors
    ///
    /// As [`Encoded::sliver`]; also refuses too little memory.
    pub fn sliver_into(&self, blob: &[u8], pair: u32, axis: Axis, out: &mut [u8]) -> Result<usize> {
        let length = sliver::bcs_bytes(self.metadata.sliver_bytes(axis));
        let out = out.get_mut(..length).ok_or(Error::Argument("the buffer is too small"))?;
        let mut written = 0;
        self.put_sliver(blob, pair, axis, &mut |bytes| {
            out[written..written + bytes.len()].copy_from_slice(bytes);
            written += bytes.len();
        })?;
        Ok(written)
    }

    fn put_sliver(
        &self,
        blob: &[u8],
        pair: u32,
        axis: Axis,
        put: &mut dyn FnMut(&[u8]),
    ) -> Result<()> {
        let config = self.metadata.config();
        if blob.len() as u64 != self.metadata.unencoded_length() {
            return Err(Error::Argument("the blob is not the one that was encoded"));
        }
        let index = config.sliver_index(pair, axis)?;
        let position = usize::from(index);
        let symbol_bytes = self.metadata.symbol_bytes();
        let (rows, columns) = (config.primary_source_count(), config.secondary_source_count());
        let matrix = Matrix::new(blob, symbol_bytes, columns);
        let length = self.metadata.sliver_bytes(axis);
        let symbol_size =
            u16::try_from(symbol_bytes).map_err(|_| Error::Internal("a symbol size is a u16"))?;
        let mut bcs = |symbols: &mut dyn Iterator<Item = &[u8]>| {
            sliver::put_bcs(length, symbols, symbol_size, index, put);
        };
        match axis {
            Axis::Primary if position < rows => {
                bcs(&mut (0..columns).map(|column| matrix.symbol(position, column)));
            }
            Axis::Primary => {
                let column_bytes = (config.n() - rows) * symbol_bytes;
                let start = (position - rows) * symbol_bytes;
                let columns = self.below.chunks_exact(column_bytes);
                bcs(&mut columns.map(|column| &column[start..start + symbol_bytes]));
            }
            Axis::Secondary => {
                let right = config.n() - columns;
                bcs(&mut (0..rows)
                    .map(|row| source_symbol(&matrix, row, position, &self.right, right)));
            }
        }
        Ok(())
    }
}
