//! Encoding, verification, decoding and recovery.

use std::sync::{Arc, Mutex, PoisonError};

use floe_core::config::{Axis, Config};
use floe_core::decode::{Consistency, decode};
use floe_core::encode::{Encoded, Spare, compute_metadata, encode_in};
use floe_core::error::Error;
use floe_core::metadata::BlobMetadata;
use floe_core::placement;
use floe_core::recovery::{
    ExpandedSliver, Recovered, RecoverySymbol, recover_sliver, recover_sliver_unproven,
    split_recovery_symbols, verify_inconsistency_proof,
};
use floe_core::sliver::{Sliver, verify_sliver};
use napi::bindgen_prelude::{AsyncTask, Uint8Array};
use napi::{Error as NapiError, Result};
use napi_derive::napi;

use crate::job::{Job, job};
use crate::{Cancellation, array, axis, to_napi};

fn out(bytes: impl AsRef<[u8]>) -> Uint8Array {
    Uint8Array::from(bytes.as_ref())
}

/// Parsed metadata, shared by any number of jobs.
#[napi]
pub struct Metadata {
    metadata: Arc<BlobMetadata>,
}

#[napi]
impl Metadata {
    #[napi(factory, catch_unwind)]
    pub fn parse(bcs: Uint8Array, shard_count: u32) -> Result<Self> {
        let metadata = Config::new(shard_count)
            .and_then(|config| BlobMetadata::parse(&bcs, config))
            .map_err(|error| to_napi(&error))?;
        Ok(Self { metadata: Arc::new(metadata) })
    }

    #[napi(getter)]
    pub fn blob_id(&self) -> Uint8Array {
        out(self.metadata.blob_id())
    }

    #[napi(getter)]
    pub fn root_hash(&self) -> Uint8Array {
        out(self.metadata.root_hash())
    }

    #[napi(getter)]
    pub fn unencoded_length(&self) -> f64 {
        self.metadata.unencoded_length() as f64
    }

    #[napi(getter)]
    pub fn symbol_bytes(&self) -> u32 {
        self.metadata.symbol_bytes() as u32
    }

    #[napi(getter)]
    pub fn shard_count(&self) -> u32 {
        self.metadata.config().shard_count().into()
    }

    #[napi]
    pub fn to_bcs(&self) -> Uint8Array {
        self.metadata.to_bcs().into()
    }

    #[napi]
    pub fn hash_pairs(&self) -> Uint8Array {
        self.metadata.hash_pairs().into()
    }

    #[napi]
    pub fn verify_sliver(
        &self,
        axis_number: u32,
        pair: u32,
        sliver: Uint8Array,
    ) -> AsyncTask<Job<()>> {
        let metadata = self.metadata.clone();
        job(move || verify_sliver(&metadata, pair, axis(axis_number)?, &sliver))
    }

    #[napi]
    pub fn decode(
        &self,
        axis_number: u32,
        slivers: Vec<Uint8Array>,
        is_strict: bool,
        is_verified: bool,
        cancellation: Option<&Cancellation>,
    ) -> AsyncTask<Job<Uint8Array>> {
        let metadata = self.metadata.clone();
        let cancel = Cancellation::shared(cancellation);
        job(move || {
            let slivers: Vec<Sliver<'_>> =
                slivers.iter().map(|bcs| Sliver::parse(bcs)).collect::<floe_core::Result<_>>()?;
            let consistency = if is_strict {
                Consistency::Strict
            } else {
                Consistency::Systematic { is_verified }
            };
            decode(&metadata, axis(axis_number)?, &slivers, consistency, &cancel).map(Into::into)
        })
    }

    #[napi]
    pub fn give_symbols(
        &self,
        source_axis: u32,
        sliver: Uint8Array,
        targets: Vec<u32>,
        with_proof: bool,
    ) -> AsyncTask<Job<Vec<Uint8Array>>> {
        let metadata = self.metadata.clone();
        job(move || {
            let sliver = Sliver::parse(&sliver)?;
            let expanded = ExpandedSliver::new(&metadata, axis(source_axis)?, &sliver)?;
            (targets.iter())
                .map(|target| {
                    if with_proof {
                        expanded.recovery_symbol(*target)
                    } else {
                        expanded.decoding_symbol(*target)
                    }
                })
                .map(|symbol| symbol.map(Into::into))
                .collect()
        })
    }

    #[napi(catch_unwind)]
    pub fn open_recovery_symbol(&self, bcs: Uint8Array) -> Result<OpenedRecoverySymbol> {
        let open = || {
            let symbol = RecoverySymbol::parse(&bcs, self.metadata.config())?;
            symbol.verify(&self.metadata)?;
            Ok(OpenedRecoverySymbol {
                target_axis: match symbol.target_axis {
                    Axis::Primary => 0,
                    Axis::Secondary => 1,
                },
                source_index: symbol.source_index.into(),
                target_index: symbol.target_index.into(),
                symbol: symbol.symbol.into(),
            })
        };
        open().map_err(|error: Error| to_napi(&error))
    }

    #[napi]
    pub fn recover_sliver(
        &self,
        axis_number: u32,
        pair: u32,
        symbols: Vec<Uint8Array>,
        with_proof: bool,
    ) -> AsyncTask<Job<RecoveredSliver>> {
        let metadata = self.metadata.clone();
        job(move || {
            let axis = axis(axis_number)?;
            let index = metadata.config().sliver_index(pair, axis)?;
            let symbols: Vec<&[u8]> = symbols.iter().map(AsRef::as_ref).collect();
            let recovered = if with_proof {
                recover_sliver(&metadata, axis, index, &symbols)?
            } else {
                Recovered::Sliver(recover_sliver_unproven(&metadata, axis, index, &symbols)?)
            };
            Ok(match recovered {
                Recovered::Sliver(bytes) => {
                    RecoveredSliver { is_consistent: true, bytes: bytes.into() }
                }
                Recovered::Inconsistent(proof) => {
                    RecoveredSliver { is_consistent: false, bytes: proof.into() }
                }
            })
        })
    }

    #[napi]
    pub fn verify_inconsistency_proof(
        &self,
        target_axis: u32,
        proof: Uint8Array,
    ) -> AsyncTask<Job<()>> {
        let metadata = self.metadata.clone();
        job(move || verify_inconsistency_proof(&metadata, axis(target_axis)?, &proof))
    }
}

#[napi(object)]
pub struct OpenedRecoverySymbol {
    pub target_axis: u32,
    pub source_index: u32,
    pub target_index: u32,
    pub symbol: Uint8Array,
}

#[napi(object)]
pub struct RecoveredSliver {
    pub is_consistent: bool,
    pub bytes: Uint8Array,
}

/// Memory of an earlier encoded blob, kept for the next one.
#[napi]
#[derive(Default)]
pub struct EncoderMemory {
    spare: Arc<Mutex<Spare>>,
}

#[napi]
impl EncoderMemory {
    #[napi(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Give back what is kept now.
    #[napi]
    pub fn release(&self) {
        drop(take(&self.spare));
    }
}

fn take(spare: &Mutex<Spare>) -> Spare {
    // Nothing is left half done where the lock is held.
    core::mem::take(&mut *spare.lock().unwrap_or_else(PoisonError::into_inner))
}

/// A blob with what it extends to. Holds the caller's bytes until it is released.
#[napi]
pub struct EncodedBlob {
    metadata: Arc<BlobMetadata>,
    content: Option<(Uint8Array, Encoded)>,
    /// Where the memory goes on release.
    spare: Option<Arc<Mutex<Spare>>>,
}

#[napi]
impl EncodedBlob {
    #[napi(getter)]
    pub fn metadata(&self) -> Metadata {
        Metadata { metadata: self.metadata.clone() }
    }

    #[napi(catch_unwind)]
    pub fn sliver(&self, axis_number: u32, pair: u32) -> Result<Uint8Array> {
        let (blob, encoded) = self
            .content
            .as_ref()
            .ok_or_else(|| to_napi(&Error::Argument("the encoded blob was released")))?;
        axis(axis_number)
            .and_then(|axis| encoded.sliver(blob, pair, axis))
            .map(Into::into)
            .map_err(|error| to_napi(&error))
    }

    /// As `sliver`, into memory of the caller: no buffer is made. Gives the bytes written.
    #[napi(catch_unwind)]
    pub fn sliver_into(&self, axis_number: u32, pair: u32, mut out: Uint8Array) -> Result<u32> {
        let (blob, encoded) = self
            .content
            .as_ref()
            .ok_or_else(|| to_napi(&Error::Argument("the encoded blob was released")))?;
        // SAFETY: this call is synchronous on the JS thread, so no JS code runs meanwhile, and the
        // caller owns `out`: no job of the addon has been given it.
        let out = unsafe { out.as_mut() };
        axis(axis_number)
            .and_then(|axis| encoded.sliver_into(blob, pair, axis, out))
            .map(|written| written as u32)
            .map_err(|error| to_napi(&error))
    }

    #[napi]
    pub fn release(&mut self) {
        let Some((_, encoded)) = self.content.take() else { return };
        if let Some(spare) = &self.spare {
            *spare.lock().unwrap_or_else(PoisonError::into_inner) = encoded.into_spare();
        }
    }
}

#[napi]
pub fn encode_blob(
    blob: Uint8Array,
    shard_count: u32,
    cancellation: Option<&Cancellation>,
    memory: Option<&EncoderMemory>,
) -> AsyncTask<Job<EncodedBlob>> {
    let cancel = Cancellation::shared(cancellation);
    let mut blob = Some(blob);
    let spare = memory.map(|memory| memory.spare.clone());
    job(move || {
        const ONCE: Error = Error::Internal("a job runs once");
        let memory = spare.as_deref().map(take).unwrap_or_default();
        let config = Config::new(shard_count)?;
        let encoded = encode_in(memory, blob.as_ref().ok_or(ONCE)?, config, &cancel)?;
        let metadata = Arc::new(encoded.metadata().clone());
        // On failure the reference stays here, to be given back on Node's own thread.
        let content = Some((blob.take().ok_or(ONCE)?, encoded));
        Ok(EncodedBlob { metadata, content, spare: spare.clone() })
    })
}

#[napi]
pub fn compute_blob_metadata(
    blob: Uint8Array,
    shard_count: u32,
    cancellation: Option<&Cancellation>,
) -> AsyncTask<Job<Metadata>> {
    let cancel = Cancellation::shared(cancellation);
    job(move || {
        let metadata = compute_metadata(&blob, Config::new(shard_count)?, &cancel)?;
        Ok(Metadata { metadata: Arc::new(metadata) })
    })
}

#[napi(js_name = "splitRecoverySymbols", catch_unwind)]
pub fn split_symbols(bcs: Uint8Array, shard_count: u32) -> Result<Vec<Uint8Array>> {
    Config::new(shard_count)
        .and_then(|config| split_recovery_symbols(&bcs, config))
        .map(|symbols| symbols.into_iter().map(Into::into).collect())
        .map_err(|error| to_napi(&error))
}

#[napi(catch_unwind)]
pub fn shard_of_pair(pair: u32, blob_id: Uint8Array, shard_count: u32) -> Result<u32> {
    place(&blob_id, shard_count, |id, config| placement::shard_of_pair(pair, id, config))
}

#[napi(catch_unwind)]
pub fn pair_of_shard(shard: u32, blob_id: Uint8Array, shard_count: u32) -> Result<u32> {
    place(&blob_id, shard_count, |id, config| placement::pair_of_shard(shard, id, config))
}

fn place(
    blob_id: &[u8],
    shard_count: u32,
    work: impl Fn(&[u8; 32], Config) -> floe_core::Result<u16>,
) -> core::result::Result<u32, NapiError> {
    let place = || work(&array(blob_id, "a blob ID has 32 bytes")?, Config::new(shard_count)?);
    place().map(u32::from).map_err(|error| to_napi(&error))
}
