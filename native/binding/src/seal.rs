//! Sealing and opening.

use floe_core::error::Error;
use floe_core::seal;
use napi::Result;
use napi::bindgen_prelude::{AsyncTask, Uint8Array, Uint32Array};
use napi_derive::napi;
use rayon::prelude::*;

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

/// Results one behind the other, with the length of each.
#[napi(object)]
pub struct Sealed {
    pub bytes: Uint8Array,
    pub sizes: Uint32Array,
}

const KEY: &str = "a key has 32 bytes";
const NONCE: &str = "a nonce has 24 bytes";
const PIECES: Error = Error::Argument("offsets, ids and nonces are not of one count");

#[napi]
#[allow(clippy::too_many_arguments)]
pub fn seal_chunks(
    bytes: Uint8Array,
    ranges: Uint32Array,
    ids: Uint8Array,
    nonces: Uint8Array,
    owner: ChunkOwner,
    key_epoch: u32,
    folder_key: Uint8Array,
    level: i32,
    cancellation: Option<&Cancellation>,
) -> AsyncTask<Job<Sealed>> {
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
        let sealed =
            seal::seal_chunks(&bytes, &pieces, &owner.parse()?, key_epoch, &key, level, &cancel)?;
        let sizes: Vec<u32> = sealed
            .iter()
            .map(|chunk| u32::try_from(chunk.len()))
            .collect::<core::result::Result<_, _>>()
            .map_err(|_| Error::Internal("a sealed chunk is below 4 GiB"))?;
        Ok(Sealed { bytes: sealed.concat().into(), sizes: sizes.into() })
    })
}

/// One opened chunk, or the code and sentence that say why it does not open.
#[napi(object)]
pub struct Opened {
    pub bytes: Option<Uint8Array>,
    pub error: Option<String>,
}

#[napi]
pub fn open_chunks(
    sealed: Vec<Uint8Array>,
    ids: Uint8Array,
    owner: ChunkOwner,
    folder_keys: Vec<Uint8Array>,
    plain_bytes_max: u32,
    cancellation: Option<&Cancellation>,
) -> AsyncTask<Job<Vec<Opened>>> {
    let cancel = Cancellation::shared(cancellation);
    job(move || {
        let owner = owner.parse()?;
        let (ids, rest) = ids.as_chunks::<32>();
        if !rest.is_empty() || ids.len() != sealed.len() || sealed.len() != folder_keys.len() {
            return Err(PIECES);
        }
        let keys: Vec<[u8; 32]> =
            folder_keys.iter().map(|key| array(key, KEY)).collect::<floe_core::Result<_>>()?;
        let max = plain_bytes_max as usize;
        let chunks: Vec<&[u8]> = sealed.iter().map(AsRef::as_ref).collect();
        let opened: Vec<core::result::Result<Vec<u8>, Error>> = chunks
            .par_iter()
            .zip(ids)
            .zip(&keys)
            .map(|((chunk, id), key)| {
                cancel.check()?;
                seal::open_chunk(chunk, id, &owner, key, max)
            })
            .collect();
        cancel.check()?;
        Ok(opened
            .into_iter()
            .map(|chunk| match chunk {
                Ok(bytes) => Opened { bytes: Some(bytes.into()), error: None },
                Err(error) => {
                    Opened { bytes: None, error: Some(format!("{}: {error}", error.code())) }
                }
            })
            .collect())
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
