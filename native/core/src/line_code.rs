//! The one-dimensional code of a row or a column.
//!
//! `reed-solomon-simd`, the coder that Walrus uses, works on any even number of bytes; each
//! 64-byte block is coded by itself. So long symbols are coded in stripes that fit the cache, with
//! the same result.

use core::ops::Range;

use floe_speed::engine::WideEngine;
use rayon::prelude::*;
use reed_solomon_simd::rate::{DefaultRateDecoder, DefaultRateEncoder, RateDecoder, RateEncoder};

use crate::cancel::Cancel;
use crate::error::{Error, Result};

/// Working memory of one stripe: small enough for a core's second-level cache beside what it is copied from.
const WORK_BYTES_TARGET: usize = 128 * 1024;
/// The code's block; a stripe is a multiple of it so that only the last one has a tail.
const BLOCK_BYTES: usize = 64;

/// Extends lines of `source_count` symbols by `recovery_count` more. Kept over many lines.
pub struct LineCode {
    encoder: DefaultRateEncoder<WideEngine>,
    source_count: usize,
    recovery_count: usize,
    symbol_bytes: usize,
    stripe_bytes: usize,
}

const REFUSED: Error = Error::Internal("the code refuses the shape of a line");

impl LineCode {
    pub fn new(source_count: usize, recovery_count: usize, symbol_bytes: usize) -> Result<Self> {
        let lines = source_count.next_power_of_two() + recovery_count.next_power_of_two();
        let blocks = (WORK_BYTES_TARGET / lines / BLOCK_BYTES).max(4);
        let stripe_bytes = symbol_bytes.min(blocks * BLOCK_BYTES);
        let encoder = DefaultRateEncoder::new(
            source_count,
            recovery_count,
            stripe_bytes,
            WideEngine::new(),
            None,
        )
        .map_err(|_| REFUSED)?;
        Ok(Self { encoder, source_count, recovery_count, symbol_bytes, stripe_bytes })
    }

    /// Writes the recovery symbols of the line of `source` symbols to `recovery`, one after another.
    pub fn extend<'a>(
        &mut self,
        source: impl Iterator<Item = &'a [u8]> + Clone,
        recovery: &mut [u8],
    ) -> Result<()> {
        let mut start = 0;
        while start < self.symbol_bytes {
            let end = (start + self.stripe_bytes).min(self.symbol_bytes);
            self.encoder
                .reset(self.source_count, self.recovery_count, end - start)
                .map_err(|_| REFUSED)?;
            for symbol in source.clone() {
                self.encoder.add_original_shard(&symbol[start..end]).map_err(|_| REFUSED)?;
            }
            let extended = self.encoder.encode().map_err(|_| REFUSED)?;
            let symbols = recovery.chunks_exact_mut(self.symbol_bytes);
            for (out, stripe) in symbols.zip(extended.recovery_iter()) {
                out[start..end].copy_from_slice(stripe);
            }
            start = end;
        }
        Ok(())
    }
}

/// Working memory of decoding one piece. Every piece pays for an evaluation of the error locator, as
/// much work as coding about a MiB, so pieces are larger than when encoding.
const REPAIR_WORK_BYTES_TARGET: usize = 4 * 1024 * 1024;

/// Rebuilds missing source lines from known ones.
///
/// A line here is a whole sliver: symbols at the same position of all lines form one code word.
/// `known` are `source_count` different lines by index, `missing` the source lines to rebuild,
/// each of which comes back in that order.
pub fn repair(
    source_count: usize,
    recovery_count: usize,
    symbol_bytes: usize,
    known: &[(usize, &[u8])],
    missing: &[usize],
    cancel: &Cancel,
) -> Result<Vec<Vec<u8>>> {
    let line_bytes = known.first().map_or(0, |(_, line)| line.len());
    // The decoder works on up to twice the next power of two of all lines.
    let work_lines = 2 * (source_count + recovery_count).next_power_of_two();
    let blocks = (REPAIR_WORK_BYTES_TARGET / work_lines / BLOCK_BYTES).max(1);
    let pieces = pieces(line_bytes, symbol_bytes, blocks * BLOCK_BYTES);
    let repaired: Vec<Vec<Vec<u8>>> = pieces
        .into_par_iter()
        .map(|piece| {
            cancel.check()?;
            let layout = Packing { bytes: piece.len(), symbol_bytes };
            let mut decoder = DefaultRateDecoder::new(
                source_count,
                recovery_count,
                layout.packed_bytes(),
                WideEngine::new(),
                None,
            )
            .map_err(|_| REFUSED)?;
            let mut packed = Vec::new();
            for (index, line) in known {
                let shard = layout.pack(&line[piece.clone()], &mut packed);
                match index.checked_sub(source_count) {
                    None => decoder.add_original_shard(*index, shard),
                    Some(index) => decoder.add_recovery_shard(index, shard),
                }
                .map_err(|_| REFUSED)?;
            }
            let decoded = decoder.decode().map_err(|_| REFUSED)?;
            missing
                .iter()
                .map(|index| Ok(layout.unpack(decoded.restored_original(*index).ok_or(REFUSED)?)))
                .collect()
        })
        .collect::<Result<_>>()?;
    let mut lines = vec![Vec::with_capacity(line_bytes); missing.len()];
    for piece in repaired {
        for (line, bytes) in lines.iter_mut().zip(piece) {
            line.extend_from_slice(&bytes);
        }
    }
    Ok(lines)
}

/// Cuts a line into groups of whole symbols, or long symbols into stripes of whole blocks, of about
/// `piece_bytes`, which is a multiple of a block.
fn pieces(line_bytes: usize, symbol_bytes: usize, piece_bytes: usize) -> Vec<Range<usize>> {
    let mut pieces = Vec::new();
    if symbol_bytes >= piece_bytes {
        for symbol in (0..line_bytes).step_by(symbol_bytes) {
            let end = symbol + symbol_bytes;
            for start in (symbol..end).step_by(piece_bytes) {
                pieces.push(start..(start + piece_bytes).min(end));
            }
        }
    } else {
        let group_bytes = piece_bytes / symbol_bytes * symbol_bytes;
        for start in (0..line_bytes).step_by(group_bytes) {
            pieces.push(start..(start + group_bytes).min(line_bytes));
        }
    }
    pieces
}

/// How the symbols of a piece lie in the code's blocks.
///
/// A block holds 32 elements as 32 low bytes and 32 high bytes; the last, shorter part of a symbol
/// holds its `t / 2` elements as `t / 2` low and `t / 2` high bytes. Elements are coded alike
/// wherever they stand, so for several symbols the full blocks are taken as they are and the
/// elements of all tails are gathered into blocks of their own. A piece of one symbol, or of a
/// part of one, is left to the coder, which does the same.
struct Packing {
    bytes: usize,
    symbol_bytes: usize,
}

impl Packing {
    const fn is_plain(&self) -> bool {
        self.bytes <= self.symbol_bytes || self.symbol_bytes.is_multiple_of(BLOCK_BYTES)
    }

    const fn full_bytes(&self) -> usize {
        self.symbol_bytes / BLOCK_BYTES * BLOCK_BYTES
    }

    /// Where the elements of tails begin.
    const fn tails_start(&self) -> usize {
        self.bytes / self.symbol_bytes * self.full_bytes()
    }

    const fn packed_bytes(&self) -> usize {
        if self.is_plain() {
            return self.bytes;
        }
        let tail_bytes = self.bytes - self.tails_start();
        self.tails_start() + tail_bytes.next_multiple_of(BLOCK_BYTES)
    }

    /// Positions of the low byte of each tail element, in order. The high byte is half a block on.
    fn tail_positions(&self) -> impl Iterator<Item = usize> {
        const HALF: usize = BLOCK_BYTES / 2;
        let start = self.tails_start();
        (0..).map(move |element| start + element / HALF * BLOCK_BYTES + element % HALF)
    }

    fn pack<'a>(&self, piece: &'a [u8], packed: &'a mut Vec<u8>) -> &'a [u8] {
        if self.is_plain() {
            return piece;
        }
        packed.clear();
        for symbol in piece.chunks_exact(self.symbol_bytes) {
            packed.extend_from_slice(&symbol[..self.full_bytes()]);
        }
        packed.resize(self.packed_bytes(), 0);
        let mut positions = self.tail_positions();
        for symbol in piece.chunks_exact(self.symbol_bytes) {
            let tail = &symbol[self.full_bytes()..];
            let (low, high) = tail.split_at(tail.len() / 2);
            for ((low, high), position) in low.iter().zip(high).zip(&mut positions) {
                packed[position] = *low;
                packed[position + BLOCK_BYTES / 2] = *high;
            }
        }
        packed
    }

    fn unpack(&self, packed: &[u8]) -> Vec<u8> {
        if self.is_plain() {
            return packed.to_vec();
        }
        let mut piece = Vec::with_capacity(self.bytes);
        let half_tail = (self.symbol_bytes - self.full_bytes()) / 2;
        let mut positions = self.tail_positions();
        for symbol in 0..self.bytes / self.symbol_bytes {
            let start = symbol * self.full_bytes();
            piece.extend_from_slice(&packed[start..start + self.full_bytes()]);
            let tail = piece.len();
            piece.resize(tail + 2 * half_tail, 0);
            for (element, position) in (tail..tail + half_tail).zip(&mut positions) {
                piece[element] = packed[position];
                piece[element + half_tail] = packed[position + BLOCK_BYTES / 2];
            }
        }
        piece
    }
}
