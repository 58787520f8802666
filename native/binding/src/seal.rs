//! Sealing and opening.

use floe_core::error::Error;
use floe_core::seal;
use napi::Result;
use napi::bindgen_prelude::{AsyncTask, Uint8Array, Uint32Array};
use napi_derive::napi;

use crate::job::{Job, job};
use crate::{Cancellation, array, to_napi};

/// Who owns chunks and which key seals them.
#[napi(object)]
pub struct ChunkOwner {
    pub vault_id: Uint8Array,
    pub folder_id: Uint8Array,
}

impl ChunkOwner {
    fn parse(&self) -> core::result::Result<seal::Owner, Error> {
        Ok(seal::Owner {
            vault_id: array(&self.vault_id, "a vault ID has 16 bytes")?,
            folder_id: array(&self.folder_id, "a folder ID has 16 bytes")?,
        })
    }
}

const KEY: &str = "a key has 32 bytes";
const NONCE: &str = "a nonce has 24 bytes";
const PIECES: Error = Error::Argument("offsets, ids and nonces are not of one count");

#[napi]
#[allow(clippy::too_many_arguments)]
pub fn seal_chunks_into(
    bytes: Uint8Array,
    ranges: Uint32Array,
    ids: Uint8Array,
    nonces: Uint8Array,
    owner: ChunkOwner,
    key_epoch: u32,
    folder_key: Uint8Array,
    level: i32,
    mut out: Uint8Array,
    cancellation: Option<&Cancellation>,
) -> AsyncTask<Job<Uint32Array>> {
    let cancel = Cancellation::shared(cancellation);
    job(move || {
        let (ranges, rest) = ranges.as_chunks::<2>();
        let (ids, ids_rest) = ids.as_chunks::<32>();
        let (nonces, nonces_rest) = nonces.as_chunks::<24>();
        let is_whole = rest.is_empty() && ids_rest.is_empty() && nonces_rest.is_empty();
        if !is_whole || ranges.len() != ids.len() || ranges.len() != nonces.len() {
            return Err(PIECES);
        }
        let pieces: Vec<seal::Piece> = ranges
            .iter()
            .zip(ids)
            .zip(nonces)
            .map(|(([offset, length], id), nonce)| seal::Piece {
                id: *id,
                offset: *offset as usize,
                length: *length as usize,
                nonce: *nonce,
            })
            .collect();
        let key = array(&folder_key, KEY)?;
        // SAFETY: the caller leaves `out` alone until the promise has settled, and gave it to no
        // other job.
        let out = unsafe { out.as_mut() };
        seal::seal_chunks(&bytes, &pieces, &owner.parse()?, key_epoch, &key, level, out, &cancel)
            .map(Into::into)
    })
}

/// Opens chunks that lie in `bytes` into `out`. Of each piece: offset, sealed length, plain length
/// and which of the keys. Gives an empty text for each that opened, else the code and the sentence.
#[napi]
pub fn open_chunks_into(
    bytes: Uint8Array,
    pieces: Uint32Array,
    ids: Uint8Array,
    owner: ChunkOwner,
    folder_keys: Vec<Uint8Array>,
    mut out: Uint8Array,
    cancellation: Option<&Cancellation>,
) -> AsyncTask<Job<Vec<String>>> {
    let cancel = Cancellation::shared(cancellation);
    job(move || {
        let (pieces, rest) = pieces.as_chunks::<4>();
        let (ids, ids_rest) = ids.as_chunks::<32>();
        if !rest.is_empty() || !ids_rest.is_empty() || ids.len() != pieces.len() {
            return Err(PIECES);
        }
        let keys: Vec<[u8; 32]> =
            folder_keys.iter().map(|key| array(key, KEY)).collect::<floe_core::Result<_>>()?;
        let pieces: Vec<seal::SealedPiece> = pieces
            .iter()
            .zip(ids)
            .map(|([offset, length, plain_length, key], id)| {
                Ok(seal::SealedPiece {
                    id: *id,
                    offset: *offset as usize,
                    length: *length as usize,
                    plain_length: *plain_length as usize,
                    folder_key: *keys.get(*key as usize).ok_or(PIECES)?,
                })
            })
            .collect::<floe_core::Result<_>>()?;
        // SAFETY: as in `seal_chunks_into`.
        let out = unsafe { out.as_mut() };
        let opened = seal::open_chunks(&bytes, &pieces, &owner.parse()?, out, &cancel)?;
        Ok(opened
            .into_iter()
            .map(|result| match result {
                Ok(()) => String::new(),
                Err(error) => format!("{}: {error}", error.code()),
            })
            .collect())
    })
}

#[napi]
pub fn open_chunk(
    sealed: Uint8Array,
    id: Uint8Array,
    owner: ChunkOwner,
    folder_key: Uint8Array,
    plain_bytes_max: u32,
) -> AsyncTask<Job<Uint8Array>> {
    job(move || {
        let id = array(&id, "a chunk ID has 32 bytes")?;
        let key = array(&folder_key, KEY)?;
        let max = plain_bytes_max as usize;
        seal::open_chunk(&sealed, &id, &owner.parse()?, &key, max).map(Into::into)
    })
}

#[napi(catch_unwind)]
pub fn sealed_key_epoch(sealed: Uint8Array) -> Result<u32> {
    seal::key_epoch(&sealed).map_err(|error| to_napi(&error))
}

#[napi]
#[allow(clippy::too_many_arguments)]
pub fn seal_record(
    body: Uint8Array,
    purpose: String,
    associated: Uint8Array,
    key_epoch: u32,
    key: Uint8Array,
    nonce: Uint8Array,
    level: i32,
) -> AsyncTask<Job<Uint8Array>> {
    job(move || {
        let (key, nonce) = (array(&key, KEY)?, array(&nonce, NONCE)?);
        seal::seal_record(&body, &purpose, &associated, key_epoch, &key, &nonce, level)
            .map(Into::into)
    })
}

#[napi]
pub fn open_record(
    sealed: Uint8Array,
    purpose: String,
    associated: Uint8Array,
    key: Uint8Array,
    plain_bytes_max: u32,
) -> AsyncTask<Job<Uint8Array>> {
    job(move || {
        let key = array(&key, KEY)?;
        let max = plain_bytes_max as usize;
        seal::open_record(&sealed, &purpose, &associated, &key, max).map(Into::into)
    })
}

#[napi(catch_unwind)]
pub fn record_commitment(key: Uint8Array, purpose: String) -> Result<Uint8Array> {
    array(&key, KEY)
        .map(|key| seal::record_commitment(&key, &purpose).as_slice().into())
        .map_err(|error| to_napi(&error))
}
