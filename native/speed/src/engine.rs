//! The engine of `reed-solomon-simd` with AVX-512 and GFNI.
//!
//! The algorithm is that crate's: an additive FFT over GF(2^16), two layers at a time. What differs
//! is the multiplication by a constant. It is linear over bits, so one constant is four 8 x 8 bit
//! matrices, and GFNI multiplies 64 bytes by such matrices in one instruction. A block of 64 bytes
//! holds 32 low bytes and 32 high bytes of 32 elements.

use reed_solomon_simd::engine::{DefaultEngine, Engine, GF_ORDER, GfElement, ShardsRefMut, utils};

/// The widest engine that the processor can run.
pub enum WideEngine {
    /// AVX-512 and GFNI.
    #[cfg(target_arch = "x86_64")]
    Gfni(gfni::Gfni),
    /// What `reed-solomon-simd` chooses.
    Default(DefaultEngine),
}

impl WideEngine {
    /// Looks at the processor.
    #[must_use]
    pub fn new() -> Self {
        #[cfg(target_arch = "x86_64")]
        if let Some(engine) = gfni::Gfni::detect() {
            return Self::Gfni(engine);
        }
        Self::Default(DefaultEngine::new())
    }
}

impl Default for WideEngine {
    fn default() -> Self {
        Self::new()
    }
}

impl Engine for WideEngine {
    fn fft(
        &self,
        data: &mut ShardsRefMut<'_>,
        pos: usize,
        size: usize,
        truncated_size: usize,
        skew_delta: usize,
    ) {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Gfni(engine) => engine.fft(data, pos, size, truncated_size, skew_delta),
            Self::Default(engine) => engine.fft(data, pos, size, truncated_size, skew_delta),
        }
    }

    fn ifft(
        &self,
        data: &mut ShardsRefMut<'_>,
        pos: usize,
        size: usize,
        truncated_size: usize,
        skew_delta: usize,
    ) {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Gfni(engine) => engine.ifft(data, pos, size, truncated_size, skew_delta),
            Self::Default(engine) => engine.ifft(data, pos, size, truncated_size, skew_delta),
        }
    }

    fn mul(&self, x: &mut [[u8; 64]], log_m: GfElement) {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Gfni(engine) => engine.mul(x, log_m),
            Self::Default(engine) => engine.mul(x, log_m),
        }
    }

    fn eval_poly(erasures: &mut [GfElement; GF_ORDER], truncated_size: usize) {
        #[cfg(target_arch = "x86_64")]
        if gfni::Gfni::detect().is_some() {
            // SAFETY: the processor has AVX-512F and AVX-512BW.
            unsafe { gfni::eval_poly(erasures, truncated_size) };
            return;
        }
        utils::eval_poly(erasures, truncated_size);
    }
}

#[cfg(target_arch = "x86_64")]
mod gfni {
    use core::arch::x86_64::*;
    use std::sync::LazyLock;

    use reed_solomon_simd::engine::tables::{get_exp_log, get_skew, mul};
    use reed_solomon_simd::engine::{GF_MODULUS, GF_ORDER, GfElement, ShardsRefMut, utils};

    type Block = [u8; 64];

    /// A constant as bit matrices: low to low, high to high, high to low, low to high.
    #[derive(Clone, Copy)]
    #[repr(align(32))]
    struct Factor([u64; 4]);

    impl Factor {
        const ZERO: Self = Self([0; 4]);

        /// The factor with this logarithm.
        fn new(log_m: GfElement) -> Self {
            let tables = get_exp_log();
            // What the factor makes of each bit of an element.
            let images: [GfElement; 16] =
                core::array::from_fn(|bit| mul(1 << bit, log_m, &tables.exp, &tables.log));
            let matrix = |from: usize, to: usize| {
                let mut matrix = [0_u8; 8];
                for (row, out) in matrix.iter_mut().rev().enumerate() {
                    for column in 0..8 {
                        let bit = images[from + column] >> (to + row) & 1;
                        *out |= (bit as u8) << column;
                    }
                }
                u64::from_le_bytes(matrix)
            };
            Self([matrix(0, 0), matrix(8, 8), matrix(8, 0), matrix(0, 8)])
        }
    }

    /// The factors of the FFT, as far as codes of a thousand symbols need them.
    static SKEW_BEGIN: LazyLock<Box<[Factor]>> = LazyLock::new(|| factors(SKEW_BEGIN_COUNT));
    /// All of them, which take forty times as long to compute.
    static SKEW_ALL: LazyLock<Box<[Factor]>> = LazyLock::new(|| factors(usize::MAX));
    const SKEW_BEGIN_COUNT: usize = 4096;

    fn factors(count: usize) -> Box<[Factor]> {
        let factor = |log: &GfElement| match *log {
            // The logarithm of zero.
            GF_MODULUS => Factor::ZERO,
            log => Factor::new(log),
        };
        get_skew().iter().take(count).map(factor).collect()
    }

    /// Factors up to that of `index`, exclusive.
    fn skew_below(index: usize) -> &'static [Factor] {
        if index <= SKEW_BEGIN_COUNT { &SKEW_BEGIN } else { &SKEW_ALL }
    }

    /// Proof that the processor has AVX-512F and GFNI.
    #[derive(Clone, Copy)]
    pub struct Gfni(());

    impl Gfni {
        pub fn detect() -> Option<Self> {
            let is_there = std::arch::is_x86_feature_detected!("avx512f")
                && std::arch::is_x86_feature_detected!("avx512bw")
                && std::arch::is_x86_feature_detected!("gfni");
            is_there.then_some(Self(()))
        }

        pub fn fft(
            self,
            data: &mut ShardsRefMut<'_>,
            pos: usize,
            size: usize,
            truncated_size: usize,
            skew_delta: usize,
        ) {
            let skew = skew_below(size + skew_delta);
            // SAFETY: a value of this type exists only where the processor has the features.
            unsafe { fft(skew, data, pos, size, truncated_size, skew_delta) }
        }

        pub fn ifft(
            self,
            data: &mut ShardsRefMut<'_>,
            pos: usize,
            size: usize,
            truncated_size: usize,
            skew_delta: usize,
        ) {
            let skew = skew_below(size + skew_delta);
            // SAFETY: as in `fft`.
            unsafe { ifft(skew, data, pos, size, truncated_size, skew_delta) }
        }

        pub fn mul(self, x: &mut [Block], log_m: GfElement) {
            // SAFETY: as in `fft`.
            unsafe { multiply(x, log_m) }
        }
    }

    #[target_feature(enable = "avx512f,avx512bw")]
    pub fn eval_poly(erasures: &mut [GfElement; GF_ORDER], truncated_size: usize) {
        utils::eval_poly(erasures, truncated_size);
    }

    /// A factor ready to use: what is for the half where it stands, and for the other half.
    #[derive(Clone, Copy)]
    struct Matrices {
        same: __m512i,
        other: __m512i,
    }

    #[inline]
    #[target_feature(enable = "avx512f,gfni")]
    fn matrices(factor: &Factor) -> Matrices {
        // SAFETY: 32 readable bytes; the instruction needs no alignment.
        let four = unsafe { _mm256_loadu_si256(factor.0.as_ptr().cast()) };
        let four = _mm512_castsi256_si512(four);
        let same = _mm512_permutexvar_epi64(_mm512_setr_epi64(0, 0, 0, 0, 1, 1, 1, 1), four);
        let other = _mm512_permutexvar_epi64(_mm512_setr_epi64(2, 2, 2, 2, 3, 3, 3, 3), four);
        Matrices { same, other }
    }

    /// `x + y * factor`, element by element.
    #[inline]
    #[target_feature(enable = "avx512f,gfni")]
    fn multiply_add(x: __m512i, y: __m512i, factor: Matrices) -> __m512i {
        /// The truth table of a three-way exclusive or.
        const XOR3: i32 = 0x96;
        let swapped = _mm512_shuffle_i64x2::<0x4e>(y, y);
        let same = _mm512_gf2p8affine_epi64_epi8::<0>(y, factor.same);
        let other = _mm512_gf2p8affine_epi64_epi8::<0>(swapped, factor.other);
        _mm512_ternarylogic_epi64::<XOR3>(x, same, other)
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn load(block: &Block) -> __m512i {
        // SAFETY: 64 readable bytes; the instruction needs no alignment.
        unsafe { _mm512_loadu_si512(block.as_ptr().cast()) }
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn store(block: &mut Block, vector: __m512i) {
        // SAFETY: 64 writable bytes; the instruction needs no alignment.
        unsafe { _mm512_storeu_si512(block.as_mut_ptr().cast(), vector) };
    }

    #[target_feature(enable = "avx512f,gfni")]
    fn multiply(x: &mut [Block], log_m: GfElement) {
        let factor = matrices(&Factor::new(log_m));
        for block in x {
            let product = multiply_add(_mm512_setzero_si512(), load(block), factor);
            store(block, product);
        }
    }

    #[target_feature(enable = "avx512f,gfni")]
    fn fft(
        skew: &[Factor],
        data: &mut ShardsRefMut<'_>,
        pos: usize,
        size: usize,
        truncated_size: usize,
        skew_delta: usize,
    ) {
        // Two layers at a time.
        let mut dist4 = size;
        let mut dist = size >> 2;
        while dist != 0 {
            for r in (0..truncated_size).step_by(dist4) {
                let base = r + dist + skew_delta - 1;
                let m01 = matrices(&skew[base]);
                let m02 = matrices(&skew[base + dist]);
                let m23 = matrices(&skew[base + dist * 2]);
                for i in r..r + dist {
                    let (s0, s1, s2, s3) = data.dist4_mut(pos + i, dist);
                    for (((s0, s1), s2), s3) in s0.iter_mut().zip(s1).zip(s2).zip(s3) {
                        let (mut x0, mut x1, mut x2, mut x3) =
                            (load(s0), load(s1), load(s2), load(s3));
                        x0 = multiply_add(x0, x2, m02);
                        x1 = multiply_add(x1, x3, m02);
                        x2 = _mm512_xor_si512(x2, x0);
                        x3 = _mm512_xor_si512(x3, x1);
                        x0 = multiply_add(x0, x1, m01);
                        x2 = multiply_add(x2, x3, m23);
                        store(s0, x0);
                        store(s1, _mm512_xor_si512(x1, x0));
                        store(s2, x2);
                        store(s3, _mm512_xor_si512(x3, x2));
                    }
                }
            }
            dist4 = dist;
            dist >>= 2;
        }
        // The odd layer that may be left.
        if dist4 == 2 {
            for r in (0..truncated_size).step_by(2) {
                let factor = matrices(&skew[r + skew_delta]);
                let (x, y) = data.dist2_mut(pos + r, 1);
                for (x, y) in x.iter_mut().zip(y) {
                    let sum = multiply_add(load(x), load(y), factor);
                    store(x, sum);
                    let sum = _mm512_xor_si512(load(y), sum);
                    store(y, sum);
                }
            }
        }
    }

    #[target_feature(enable = "avx512f,gfni")]
    fn ifft(
        skew: &[Factor],
        data: &mut ShardsRefMut<'_>,
        pos: usize,
        size: usize,
        truncated_size: usize,
        skew_delta: usize,
    ) {
        // Two layers at a time.
        let mut dist = 1;
        let mut dist4 = 4;
        while dist4 <= size {
            for r in (0..truncated_size).step_by(dist4) {
                let base = r + dist + skew_delta - 1;
                let m01 = matrices(&skew[base]);
                let m02 = matrices(&skew[base + dist]);
                let m23 = matrices(&skew[base + dist * 2]);
                for i in r..r + dist {
                    let (s0, s1, s2, s3) = data.dist4_mut(pos + i, dist);
                    for (((s0, s1), s2), s3) in s0.iter_mut().zip(s1).zip(s2).zip(s3) {
                        let (mut x0, mut x1, mut x2, mut x3) =
                            (load(s0), load(s1), load(s2), load(s3));
                        x1 = _mm512_xor_si512(x1, x0);
                        x3 = _mm512_xor_si512(x3, x2);
                        x0 = multiply_add(x0, x1, m01);
                        x2 = multiply_add(x2, x3, m23);
                        x2 = _mm512_xor_si512(x2, x0);
                        x3 = _mm512_xor_si512(x3, x1);
                        store(s0, multiply_add(x0, x2, m02));
                        store(s1, multiply_add(x1, x3, m02));
                        store(s2, x2);
                        store(s3, x3);
                    }
                }
            }
            dist = dist4;
            dist4 <<= 2;
        }
        // The odd layer that may be left.
        if dist < size {
            let factor = matrices(&skew[dist + skew_delta - 1]);
            for i in 0..dist {
                let (x, y) = data.dist2_mut(pos + i, dist);
                for (x, y) in x.iter_mut().zip(y) {
                    let sum = _mm512_xor_si512(load(y), load(x));
                    store(y, sum);
                    let sum = multiply_add(load(x), sum, factor);
                    store(x, sum);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use reed_solomon_simd::engine::NoSimd;
    use reed_solomon_simd::rate::{
        DefaultRateDecoder, DefaultRateEncoder, RateDecoder, RateEncoder,
    };

    use super::*;

    fn symbols(count: usize, bytes: usize) -> Vec<Vec<u8>> {
        (0..count)
            .map(|i| (0..bytes).map(|j| (i * 131 + j * 29 + i * j / 7) as u8).collect())
            .collect()
    }

    fn recovery(engine: impl Engine, original: &[Vec<u8>], count: usize) -> Vec<Vec<u8>> {
        let bytes = original[0].len();
        let mut encoder =
            DefaultRateEncoder::new(original.len(), count, bytes, engine, None).unwrap();
        for symbol in original {
            encoder.add_original_shard(symbol).unwrap();
        }
        let encoded = encoder.encode().unwrap();
        encoded.recovery_iter().map(<[u8]>::to_vec).collect()
    }

    #[test]
    fn recovery_symbols_are_those_of_the_plain_engine() {
        for (original, count) in
            [(1, 1), (2, 2), (3, 1), (2, 5), (7, 3), (34, 66), (67, 33), (334, 666), (3000, 1500)]
        {
            for bytes in [2, 62, 64, 66, 638] {
                let original = symbols(original, bytes);
                let expected = recovery(NoSimd::new(), &original, count);
                assert_eq!(recovery(WideEngine::new(), &original, count), expected);
            }
        }
    }

    #[test]
    fn originals_come_back_from_recovery_symbols() {
        for (original_count, recovery_count) in [(3, 1), (7, 3), (34, 66), (67, 33), (334, 666)] {
            let original = symbols(original_count, 130);
            let recovery = recovery(WideEngine::new(), &original, recovery_count);
            let engine = WideEngine::new();
            let mut decoder =
                DefaultRateDecoder::new(original_count, recovery_count, 130, engine, None).unwrap();
            let missing = original_count.min(recovery_count);
            for (index, symbol) in original.iter().enumerate().skip(missing) {
                decoder.add_original_shard(index, symbol).unwrap();
            }
            for (index, symbol) in recovery.iter().enumerate().rev().take(missing) {
                decoder.add_recovery_shard(index, symbol).unwrap();
            }
            let decoded = decoder.decode().unwrap();
            for (index, symbol) in original.iter().enumerate().take(missing) {
                assert_eq!(decoded.restored_original(index), Some(symbol.as_slice()));
            }
        }
    }
}
