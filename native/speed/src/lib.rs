//! The same results, sooner: the inner loops of encoding on wider vectors, large buffers on larger
//! pages.
//!
//! `reed-solomon-simd` and `blake2b_simd`, which define what is computed, stop at AVX2. With AVX-512
//! and GFNI the same results take less than half the time. Every function here looks at the
//! processor once and otherwise hands over to those crates; the tests compare both ways.
//!
//! This is where the workspace keeps its unsafe code, apart from one call in `floe-os`: loads and
//! stores of vectors, calls that need a processor feature that was just asked for, and one advice to
//! the kernel.

pub mod blake2b;
pub mod engine;
pub mod memory;
