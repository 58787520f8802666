//! BLAKE2b-256 of many inputs of one length at once, each behind one byte.
//!
//! Eight inputs lie side by side in the lanes of AVX-512 vectors: every vector holds one word of
//! the state of all eight.

use blake2b_simd::Params;
use blake2b_simd::many::{HashManyJob, MAX_DEGREE, hash_many};

/// A digest of 32 bytes.
pub type Digest = [u8; 32];

/// Hashes `prefix | input` for each of `inputs`, which are all of one length, into `out`.
///
/// # Panics
///
/// If the inputs are not of one length.
pub fn hash_prefixed<'a>(prefix: u8, inputs: impl Iterator<Item = &'a [u8]>, out: &mut [Digest]) {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx512f")
        && std::arch::is_x86_feature_detected!("avx512bw")
    {
        return wide::hash_prefixed(prefix, inputs, out);
    }
    hash_prefixed_portable(prefix, inputs, out);
}

/// The same by `blake2b_simd` alone.
fn hash_prefixed_portable<'a>(
    prefix: u8,
    mut inputs: impl Iterator<Item = &'a [u8]>,
    out: &mut [Digest],
) {
    let params = params();
    let mut prefixed = Vec::new();
    for digests in out.chunks_mut(MAX_DEGREE) {
        prefixed.clear();
        let mut bytes = 0;
        for input in inputs.by_ref().take(digests.len()) {
            bytes = input.len() + 1;
            prefixed.push(prefix);
            prefixed.extend_from_slice(input);
        }
        if bytes == 0 {
            return;
        }
        let mut jobs: [Option<HashManyJob<'_>>; MAX_DEGREE] = [const { None }; MAX_DEGREE];
        for (job, input) in jobs.iter_mut().zip(prefixed.chunks_exact(bytes)) {
            *job = Some(HashManyJob::new(&params, input));
        }
        hash_many(jobs.iter_mut().flatten());
        for (job, digest) in jobs.iter().flatten().zip(digests) {
            digest.copy_from_slice(job.to_hash().as_bytes());
        }
    }
}

fn params() -> Params {
    let mut params = Params::new();
    params.hash_length(size_of::<Digest>());
    params
}

#[cfg(target_arch = "x86_64")]
mod wide {
    use core::arch::x86_64::*;

    use super::{Digest, params};

    const LANES: usize = 8;
    const BLOCK_BYTES: usize = 128;

    const IV: [u64; 8] = [
        0x6a09_e667_f3bc_c908,
        0xbb67_ae85_84ca_a73b,
        0x3c6e_f372_fe94_f82b,
        0xa54f_f53a_5f1d_36f1,
        0x510e_527f_ade6_82d1,
        0x9b05_688c_2b3e_6c1f,
        0x1f83_d9ab_fb41_bd6b,
        0x5be0_cd19_137e_2179,
    ];
    /// Digest of 32 bytes, no key, fanout and depth 1.
    const PARAMETERS: u64 = 0x0101_0020;

    pub fn hash_prefixed<'a>(
        prefix: u8,
        mut inputs: impl Iterator<Item = &'a [u8]>,
        out: &mut [Digest],
    ) {
        for digests in out.chunks_mut(LANES) {
            let Some(first) = inputs.next() else { return };
            if digests.len() == 1 {
                // A lone input is not worth eight lanes.
                let mut state = params().to_state();
                let hash = state.update(&[prefix]).update(first).finalize();
                digests[0].copy_from_slice(hash.as_bytes());
                return;
            }
            // Lanes without an input of their own repeat the first one.
            let mut lanes = [first; LANES];
            let mut count = 1;
            for (lane, input) in lanes[1..digests.len()].iter_mut().zip(&mut inputs) {
                assert_eq!(input.len(), first.len(), "the inputs are of one length");
                *lane = input;
                count += 1;
            }
            // SAFETY: the caller saw that the processor has AVX-512F and AVX-512BW.
            unsafe { hash_lanes(prefix, &lanes, &mut digests[..count]) };
        }
    }

    #[target_feature(enable = "avx512f,avx512bw")]
    fn hash_lanes(prefix: u8, lanes: &[&[u8]; LANES], out: &mut [Digest]) {
        let total = lanes[0].len() + 1;
        let mut state = [_mm512_setzero_si512(); 8];
        for (word, iv) in state.iter_mut().zip(IV) {
            *word = _mm512_set1_epi64(iv.cast_signed());
        }
        state[0] = _mm512_xor_si512(state[0], _mm512_set1_epi64(PARAMETERS.cast_signed()));
        let mut start = 0;
        while start + BLOCK_BYTES < total {
            let message = words(prefix, lanes, start);
            start += BLOCK_BYTES;
            compress(&mut state, &message, start as u64, false);
        }
        compress(&mut state, &words(prefix, lanes, start), total as u64, true);
        write_digests(&state, out);
    }

    #[target_feature(enable = "avx512f")]
    fn write_digests(state: &[__m512i; 8], out: &mut [Digest]) {
        let mut words = [[0_u64; LANES]; 4];
        for (words, vector) in words.iter_mut().zip(state) {
            // SAFETY: 64 writable bytes; the instruction needs no alignment.
            unsafe { _mm512_storeu_si512(words.as_mut_ptr().cast(), *vector) };
        }
        for (lane, digest) in out.iter_mut().enumerate() {
            for (bytes, words) in digest.chunks_exact_mut(8).zip(&words) {
                bytes.copy_from_slice(&words[lane].to_le_bytes());
            }
        }
    }

    /// The sixteen words of the block at `start`, each for all lanes, with zeros behind the end.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn words(prefix: u8, lanes: &[&[u8]; LANES], start: usize) -> [__m512i; 16] {
        let mut words = [_mm512_setzero_si512(); 16];
        let (low, high) = words.split_at_mut(LANES);
        low.copy_from_slice(&transpose(&half_block(prefix, lanes, start)));
        high.copy_from_slice(&transpose(&half_block(prefix, lanes, start + 64)));
        words
    }

    /// The 64 bytes at `start` of `prefix | input`, for each input.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn half_block(prefix: u8, lanes: &[&[u8]; LANES], start: usize) -> [__m512i; LANES] {
        let total = lanes[0].len() + 1;
        let inside = total.saturating_sub(start).min(64);
        let mut mask = u64::MAX.checked_shr(64 - inside as u32).unwrap_or(0);
        let mut first = _mm512_setzero_si512();
        if start == 0 {
            mask &= !1;
            first = _mm512_zextsi128_si512(_mm_cvtsi32_si128(i32::from(prefix)));
        }
        lanes.map(|input| {
            // The prefix shifts everything by one byte.
            let at = input.as_ptr().wrapping_add(start).wrapping_sub(1);
            // SAFETY: all inputs are of one length, so the mask leaves only bytes of this input;
            // what is masked out is not touched. The instruction needs no alignment.
            let bytes = unsafe { _mm512_maskz_loadu_epi8(mask, at.cast()) };
            _mm512_or_si512(bytes, first)
        })
    }

    /// Eight rows of eight words to eight columns.
    #[target_feature(enable = "avx512f")]
    fn transpose(rows: &[__m512i; 8]) -> [__m512i; 8] {
        let [r0, r1, r2, r3, r4, r5, r6, r7] = *rows;
        // Words 2k (low) and 2k + 1 (high) of two rows side by side.
        let (a0, a1) = (_mm512_unpacklo_epi64(r0, r1), _mm512_unpackhi_epi64(r0, r1));
        let (b0, b1) = (_mm512_unpacklo_epi64(r2, r3), _mm512_unpackhi_epi64(r2, r3));
        let (c0, c1) = (_mm512_unpacklo_epi64(r4, r5), _mm512_unpackhi_epi64(r4, r5));
        let (d0, d1) = (_mm512_unpacklo_epi64(r6, r7), _mm512_unpackhi_epi64(r6, r7));
        // Pairs of 128 bits: even and odd quarters of four rows.
        let (e0, f0) = (_mm512_shuffle_i64x2::<0x88>(a0, b0), _mm512_shuffle_i64x2::<0xdd>(a0, b0));
        let (e1, f1) = (_mm512_shuffle_i64x2::<0x88>(a1, b1), _mm512_shuffle_i64x2::<0xdd>(a1, b1));
        let (g0, h0) = (_mm512_shuffle_i64x2::<0x88>(c0, d0), _mm512_shuffle_i64x2::<0xdd>(c0, d0));
        let (g1, h1) = (_mm512_shuffle_i64x2::<0x88>(c1, d1), _mm512_shuffle_i64x2::<0xdd>(c1, d1));
        [
            _mm512_shuffle_i64x2::<0x88>(e0, g0),
            _mm512_shuffle_i64x2::<0x88>(e1, g1),
            _mm512_shuffle_i64x2::<0x88>(f0, h0),
            _mm512_shuffle_i64x2::<0x88>(f1, h1),
            _mm512_shuffle_i64x2::<0xdd>(e0, g0),
            _mm512_shuffle_i64x2::<0xdd>(e1, g1),
            _mm512_shuffle_i64x2::<0xdd>(f0, h0),
            _mm512_shuffle_i64x2::<0xdd>(f1, h1),
        ]
    }

    macro_rules! mix {
        ($v:ident, $m:ident, $a:literal $b:literal $c:literal $d:literal, $x:literal $y:literal) => {
            $v[$a] = _mm512_add_epi64(_mm512_add_epi64($v[$a], $m[$x]), $v[$b]);
            $v[$d] = _mm512_ror_epi64::<32>(_mm512_xor_si512($v[$d], $v[$a]));
            $v[$c] = _mm512_add_epi64($v[$c], $v[$d]);
            $v[$b] = _mm512_ror_epi64::<24>(_mm512_xor_si512($v[$b], $v[$c]));
            $v[$a] = _mm512_add_epi64(_mm512_add_epi64($v[$a], $m[$y]), $v[$b]);
            $v[$d] = _mm512_ror_epi64::<16>(_mm512_xor_si512($v[$d], $v[$a]));
            $v[$c] = _mm512_add_epi64($v[$c], $v[$d]);
            $v[$b] = _mm512_ror_epi64::<63>(_mm512_xor_si512($v[$b], $v[$c]));
        };
    }

    macro_rules! rounds {
        ($v:ident, $m:ident: $([$s0:literal $s1:literal $s2:literal $s3:literal $s4:literal $s5:literal
            $s6:literal $s7:literal $s8:literal $s9:literal $s10:literal $s11:literal $s12:literal
            $s13:literal $s14:literal $s15:literal])*) => {$(
            mix!($v, $m, 0 4 8 12, $s0 $s1);
            mix!($v, $m, 1 5 9 13, $s2 $s3);
            mix!($v, $m, 2 6 10 14, $s4 $s5);
            mix!($v, $m, 3 7 11 15, $s6 $s7);
            mix!($v, $m, 0 5 10 15, $s8 $s9);
            mix!($v, $m, 1 6 11 12, $s10 $s11);
            mix!($v, $m, 2 7 8 13, $s12 $s13);
            mix!($v, $m, 3 4 9 14, $s14 $s15);
        )*};
    }

    /// The compression function (RFC 7693, section 3.2) in every lane.
    #[target_feature(enable = "avx512f")]
    fn compress(state: &mut [__m512i; 8], m: &[__m512i; 16], counter: u64, is_last: bool) {
        let word = |word: u64| _mm512_set1_epi64(word.cast_signed());
        let mut v = [_mm512_setzero_si512(); 16];
        v[..8].copy_from_slice(state);
        for (v, iv) in v[8..].iter_mut().zip(IV) {
            *v = word(iv);
        }
        v[12] = _mm512_xor_si512(v[12], word(counter));
        if is_last {
            v[14] = _mm512_xor_si512(v[14], word(u64::MAX));
        }
        rounds!(v, m:
            [0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15]
            [14 10 4 8 9 15 13 6 1 12 0 2 11 7 5 3]
            [11 8 12 0 5 2 15 13 10 14 3 6 7 1 9 4]
            [7 9 3 1 13 12 11 14 2 6 5 10 4 0 15 8]
            [9 0 5 7 2 4 10 15 14 1 11 12 6 8 3 13]
            [2 12 6 10 0 11 8 3 4 13 7 5 15 14 1 9]
            [12 5 1 15 14 13 4 10 0 7 6 3 9 2 8 11]
            [13 11 7 14 12 1 3 9 5 0 15 4 8 6 2 10]
            [6 15 14 9 11 3 0 8 12 2 13 7 1 4 10 5]
            [10 2 8 4 7 6 1 5 15 11 9 14 3 12 13 0]
            [0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15]
            [14 10 4 8 9 15 13 6 1 12 0 2 11 7 5 3]
        );
        for (index, word) in state.iter_mut().enumerate() {
            *word = _mm512_xor_si512(*word, _mm512_xor_si512(v[index], v[index + 8]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_give_the_hashes_of_the_plain_function() {
        for length in (0..400).chain([638, 1278, 14_730]) {
            for count in [1, 2, 7, 8, 9, 17] {
                let inputs: Vec<Vec<u8>> = (0..count)
                    .map(|i| (0..length).map(|j| (i * 131 + j * 7 + j / 251) as u8).collect())
                    .collect();
                let expected: Vec<Digest> = inputs
                    .iter()
                    .map(|input| {
                        let hash = params().to_state().update(&[9]).update(input).finalize();
                        hash.as_bytes().try_into().unwrap()
                    })
                    .collect();
                let mut found = vec![[0; 32]; count];
                hash_prefixed(9, inputs.iter().map(Vec::as_slice), &mut found);
                assert_eq!(found, expected, "{count} of {length} bytes");
                let mut found = vec![[0; 32]; count];
                hash_prefixed_portable(9, inputs.iter().map(Vec::as_slice), &mut found);
                assert_eq!(found, expected, "{count} of {length} bytes");
            }
        }
    }
}
