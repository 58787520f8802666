//! Erasure coding, Merkle trees, hashing, chunking and sealing as pure functions.
//!
//! No napi, no I/O, no clock, no chance: what varies is given. Long work runs on all cores
//! (rayon's global pool) and looks at a [`cancel::Cancel`] between batches.
//!
//! RS2, the encoding that Walrus stores, is in [`encode`] and [`decode`]; [`config`] holds its
//! parameters and the terms. The bytes that Floe itself defines are in [`chunk`] and [`seal`].

pub mod bcs;
pub mod bls;
pub mod cancel;
pub mod chunk;
pub mod config;
pub mod decode;
pub mod encode;
pub mod error;
pub mod hash;
mod line_code;
pub mod merkle;
pub mod metadata;
pub mod placement;
pub mod recovery;
pub mod seal;
pub mod sliver;

pub use error::{Error, Result};
