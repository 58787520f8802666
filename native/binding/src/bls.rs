//! Signatures of storage nodes.

use floe_core::bls;
use napi::Result;
use napi::bindgen_prelude::{AsyncTask, Uint8Array};
use napi_derive::napi;

use crate::job::{Job, job};
use crate::to_napi;

#[napi(object)]
pub struct BlsPublicKey {
    pub compressed: Uint8Array,
    pub uncompressed: Uint8Array,
}

impl From<bls::PublicKeyForms> for BlsPublicKey {
    fn from(forms: bls::PublicKeyForms) -> Self {
        Self {
            compressed: forms.compressed.as_slice().into(),
            uncompressed: forms.uncompressed.as_slice().into(),
        }
    }
}

fn slices(list: &[Uint8Array]) -> Vec<&[u8]> {
    list.iter().map(AsRef::as_ref).collect()
}

#[napi(catch_unwind)]
pub fn bls_secret_key(seed: Uint8Array) -> Result<Uint8Array> {
    bls::secret_key(&seed).map(|key| key.as_slice().into()).map_err(|error| to_napi(&error))
}

#[napi(catch_unwind)]
pub fn bls_public_key(secret_key: Uint8Array) -> Result<BlsPublicKey> {
    bls::public_key(&secret_key).map(Into::into).map_err(|error| to_napi(&error))
}

#[napi(catch_unwind)]
pub fn bls_public_key_forms(public_key: Uint8Array) -> Result<BlsPublicKey> {
    bls::public_key_forms(&public_key).map(Into::into).map_err(|error| to_napi(&error))
}

#[napi(catch_unwind)]
pub fn bls_sign(secret_key: Uint8Array, message: Uint8Array) -> Result<Uint8Array> {
    bls::sign(&secret_key, &message)
        .map(|signature| signature.as_slice().into())
        .map_err(|error| to_napi(&error))
}

#[napi]
pub fn bls_verify(
    public_keys: Vec<Uint8Array>,
    message: Uint8Array,
    signature: Uint8Array,
) -> AsyncTask<Job<bool>> {
    job(move || Ok(bls::verify_aggregate(&slices(&public_keys), &message, &signature)))
}

#[napi(catch_unwind)]
pub fn bls_aggregate(signatures: Vec<Uint8Array>) -> Result<Uint8Array> {
    bls::aggregate(&slices(&signatures))
        .map(|signature| signature.as_slice().into())
        .map_err(|error| to_napi(&error))
}

#[napi(catch_unwind)]
pub fn bls_aggregate_public_keys(public_keys: Vec<Uint8Array>) -> Result<BlsPublicKey> {
    bls::aggregate_public_keys(&slices(&public_keys))
        .map(Into::into)
        .map_err(|error| to_napi(&error))
}
