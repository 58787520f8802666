//! Hashes by name.

use floe_core::hash;
use napi::Result;
use napi::bindgen_prelude::{AsyncTask, Uint8Array};
use napi_derive::napi;

use crate::job::{Job, job};
use crate::{array, to_napi};

#[napi(catch_unwind)]
pub fn blake3(bytes: Uint8Array) -> Uint8Array {
    hash::blake3(&bytes).as_slice().into()
}

#[napi(catch_unwind)]
pub fn keyed_blake3(key: Uint8Array, bytes: Uint8Array) -> Result<Uint8Array> {
    array(&key, "a BLAKE3 key has 32 bytes")
        .map(|key| hash::keyed_blake3(&key, &bytes).as_slice().into())
        .map_err(|error| to_napi(&error))
}

#[napi(js_name = "blake2b256", catch_unwind)]
pub fn blake2b256(bytes: Uint8Array) -> Uint8Array {
    hash::blake2b256(&bytes).as_slice().into()
}

#[napi(js_name = "argon2id")]
pub fn argon2id(
    passphrase: Uint8Array,
    salt: Uint8Array,
    memory_kib: u32,
    iterations: u32,
    lanes: u32,
    output_bytes: u32,
) -> AsyncTask<Job<Uint8Array>> {
    job(move || {
        let cost = hash::Argon2Cost { memory_kib, iterations, lanes };
        hash::argon2id(&passphrase, &salt, cost, output_bytes as usize).map(Into::into)
    })
}
