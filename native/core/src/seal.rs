//! Sealing and opening: compression, authenticated encryption, key commitment.
//!
//! ```text
//! sealed    = 01 version | u32 key epoch | 32 commitment | 24 nonce | ciphertext | 16 tag
//! plaintext = u8 compression (0 raw, 1 zstd) | u32 plain length | body
//! ```
//!
//! Integers are little-endian. Cipher key and commitment are the two halves of 64 bytes of keyed
//! BLAKE3 over a label and a context; the commitment is compared before anything is decrypted, so
//! sealed bytes open under one key only. docs/format.md is the specification.

use blake3::Hasher;
use chacha20poly1305::aead::AeadInOut;
use chacha20poly1305::{KeyInit, Tag, XChaCha20Poly1305, XNonce};
use rayon::prelude::*;
use zeroize::{Zeroize, Zeroizing};
use zstd::bulk::{Compressor, Decompressor};

use crate::cancel::Cancel;
use crate::error::{Error, Result};

/// The version that this module writes.
pub const SEAL_VERSION: u8 = 1;
/// Bytes before the ciphertext.
pub const SEAL_HEADER_BYTES: usize = 1 + 4 + 32 + 24;
const TAG_BYTES: usize = 16;
const BODY_HEADER_BYTES: usize = 1 + 4;
/// What sealing adds to a body that does not compress.
pub const SEAL_OVERHEAD_BYTES: usize = SEAL_HEADER_BYTES + BODY_HEADER_BYTES + TAG_BYTES;
/// The largest body: the plain length is a u32, and this is far beyond any chunk or record.
pub const SEAL_PLAIN_BYTES_MAX: usize = 1024 * 1024 * 1024;

const CHUNK_LABEL: &[u8] = b"floe/v1 chunk";
const RECORD_LABEL: &[u8] = b"floe/v1 record ";
const CHUNK_FORMAT: &[u8] = b"floe/v1";
/// What says in associated data that a chunk was sealed. Records bring their own.
const CHUNK_TYPE: u8 = 1;

const RAW: u8 = 0;
const ZSTD: u8 = 1;
/// Shorter bodies are not worth a frame.
const COMPRESS_BYTES_MIN: usize = 64;
/// Compression must save a 32nd.
const COMPRESS_GAIN_SHIFT: usize = 5;

/// Who owns a chunk: part of its associated data.
#[derive(Debug, Clone, Copy)]
pub struct Owner {
    /// The vault.
    pub vault_id: [u8; 16],
    /// The folder.
    pub folder_id: [u8; 16],
}

/// A chunk to seal: where it lies, and what it is called.
#[derive(Debug, Clone, Copy)]
pub struct Piece {
    /// Keyed hash of the content.
    pub id: [u8; 32],
    /// Where it begins.
    pub offset: usize,
    /// Its length.
    pub length: usize,
    /// A random nonce, never used twice with one key.
    pub nonce: [u8; 24],
}

/// Seals chunks that lie in `bytes`, each by itself, in the order given.
///
/// # Errors
///
/// Refuses pieces outside `bytes` and levels that zstd has not. [`Error::Cancelled`].
pub fn seal_chunks(
    bytes: &[u8],
    pieces: &[Piece],
    owner: &Owner,
    key_epoch: u32,
    folder_key: &[u8; 32],
    level: i32,
    cancel: &Cancel,
) -> Result<Vec<Vec<u8>>> {
    pieces
        .par_iter()
        .map_init(
            || Compressor::new(level),
            |compressor, piece| {
                cancel.check()?;
                let body = (piece.offset.checked_add(piece.length))
                    .and_then(|end| bytes.get(piece.offset..end))
                    .ok_or(Error::Argument("a chunk lies outside the bytes"))?;
                let compressor = compressor.as_mut().map_err(|_| LEVEL)?;
                let keys = Keys::derive(folder_key, CHUNK_LABEL, &piece.id);
                let associated = chunk_associated(owner, key_epoch, &piece.id);
                seal(body, &keys, key_epoch, &piece.nonce, &associated, compressor)
            },
        )
        .collect()
}

const LEVEL: Error = Error::Argument("zstd has no such level");

/// Opens one sealed chunk.
///
/// # Errors
///
/// [`Error::SealVersion`], [`Error::SealDamaged`].
pub fn open_chunk(
    sealed: &[u8],
    id: &[u8; 32],
    owner: &Owner,
    folder_key: &[u8; 32],
    plain_bytes_max: usize,
) -> Result<Vec<u8>> {
    let key_epoch = key_epoch(sealed)?;
    let keys = Keys::derive(folder_key, CHUNK_LABEL, id);
    open(sealed, &keys, &chunk_associated(owner, key_epoch, id), plain_bytes_max)
}

/// Seals one record: a footer, a snapshot, a segment, a head, a wrapped key.
///
/// # Errors
///
/// Refuses levels that zstd has not and bodies beyond [`SEAL_PLAIN_BYTES_MAX`].
pub fn seal_record(
    body: &[u8],
    purpose: &str,
    associated: &[u8],
    key_epoch: u32,
    key: &[u8; 32],
    nonce: &[u8; 24],
    level: i32,
) -> Result<Vec<u8>> {
    let mut compressor = Compressor::new(level).map_err(|_| LEVEL)?;
    let keys = Keys::derive(key, RECORD_LABEL, purpose.as_bytes());
    seal(body, &keys, key_epoch, nonce, associated, &mut compressor)
}

/// Opens one record.
///
/// # Errors
///
/// [`Error::SealVersion`], [`Error::SealDamaged`].
pub fn open_record(
    sealed: &[u8],
    purpose: &str,
    associated: &[u8],
    key: &[u8; 32],
    plain_bytes_max: usize,
) -> Result<Vec<u8>> {
    key_epoch(sealed)?;
    let keys = Keys::derive(key, RECORD_LABEL, purpose.as_bytes());
    open(sealed, &keys, associated, plain_bytes_max)
}

/// The key epoch that sealed bytes name.
///
/// # Errors
///
/// [`Error::SealVersion`], [`Error::SealDamaged`].
pub fn key_epoch(sealed: &[u8]) -> Result<u32> {
    match sealed {
        [SEAL_VERSION, a, b, c, d, ..] => Ok(u32::from_le_bytes([*a, *b, *c, *d])),
        [SEAL_VERSION, ..] | [] => Err(Error::SealDamaged("they are too short")),
        [version, ..] => Err(Error::SealVersion(*version)),
    }
}

/// The commitment that a record sealed under `key` for `purpose` shows.
#[must_use]
pub fn record_commitment(key: &[u8; 32], purpose: &str) -> [u8; 32] {
    Keys::derive(key, RECORD_LABEL, purpose.as_bytes()).commitment
}

struct Keys {
    cipher: Zeroizing<[u8; 32]>,
    commitment: [u8; 32],
}

impl Keys {
    fn derive(key: &[u8; 32], label: &[u8], context: &[u8]) -> Self {
        let mut hasher = Hasher::new_keyed(key);
        let mut stream = hasher.update(label).update(context).finalize_xof();
        let mut keys = Self { cipher: Zeroizing::new([0; 32]), commitment: [0; 32] };
        stream.fill(keys.cipher.as_mut_slice());
        stream.fill(&mut keys.commitment);
        stream.zeroize();
        hasher.zeroize();
        keys
    }
}

fn chunk_associated(owner: &Owner, key_epoch: u32, id: &[u8; 32]) -> Vec<u8> {
    let epoch = key_epoch.to_le_bytes();
    [CHUNK_FORMAT, &[CHUNK_TYPE], &owner.vault_id, &owner.folder_id, &epoch, id].concat()
}

fn seal(
    body: &[u8],
    keys: &Keys,
    key_epoch: u32,
    nonce: &[u8; 24],
    associated: &[u8],
    compressor: &mut Compressor<'_>,
) -> Result<Vec<u8>> {
    if body.len() > SEAL_PLAIN_BYTES_MAX {
        return Err(Error::Argument("the body to seal is too long"));
    }
    let length = u32::try_from(body.len()).map_err(|_| Error::Internal("a limit is below 2^32"))?;
    let mut sealed = Vec::with_capacity(body.len() + SEAL_OVERHEAD_BYTES);
    sealed.push(SEAL_VERSION);
    sealed.extend_from_slice(&key_epoch.to_le_bytes());
    sealed.extend_from_slice(&keys.commitment);
    sealed.extend_from_slice(nonce);
    match compress(body, compressor)? {
        Some(frame) => {
            sealed.push(ZSTD);
            sealed.extend_from_slice(&length.to_le_bytes());
            sealed.extend_from_slice(&frame);
        }
        None => {
            sealed.push(RAW);
            sealed.extend_from_slice(&length.to_le_bytes());
            sealed.extend_from_slice(body);
        }
    }
    let tag = XChaCha20Poly1305::new((&*keys.cipher).into())
        .encrypt_inout_detached(
            &XNonce::from(*nonce),
            associated,
            (&mut sealed[SEAL_HEADER_BYTES..]).into(),
        )
        .map_err(|_| Error::Argument("the body to seal is too long"))?;
    sealed.extend_from_slice(&tag);
    Ok(sealed)
}

/// The zstd frame of `body`, unless it does not pay.
fn compress(body: &[u8], compressor: &mut Compressor<'_>) -> Result<Option<Vec<u8>>> {
    if body.len() < COMPRESS_BYTES_MIN {
        return Ok(None);
    }
    // A frame that does not fit here does not pay, and zstd stops when it is full.
    let bytes_max = body.len() - (body.len() >> COMPRESS_GAIN_SHIFT).max(1);
    let mut frame = Vec::with_capacity(bytes_max);
    match compressor.compress_to_buffer(body, &mut frame) {
        Ok(_) => Ok(Some(frame)),
        Err(_) => Ok(None),
    }
}

fn open(sealed: &[u8], keys: &Keys, associated: &[u8], plain_bytes_max: usize) -> Result<Vec<u8>> {
    let (header, rest) =
        sealed.split_at_checked(SEAL_HEADER_BYTES).ok_or(Error::SealDamaged("too short"))?;
    let (ciphertext, tag) = (rest.len().checked_sub(TAG_BYTES))
        .and_then(|length| rest.split_at_checked(length))
        .filter(|(ciphertext, _)| ciphertext.len() >= BODY_HEADER_BYTES)
        .ok_or(Error::SealDamaged("too short"))?;
    let (commitment, nonce) = header[5..].split_at(32);
    if !constant_time_equal(commitment, &keys.commitment) {
        return Err(Error::SealDamaged("another key"));
    }
    let nonce = XNonce::try_from(nonce).map_err(|_| Error::Internal("a nonce has 24 bytes"))?;
    let tag = Tag::try_from(tag).map_err(|_| Error::Internal("a tag has 16 bytes"))?;
    let mut plain = ciphertext.to_vec();
    XChaCha20Poly1305::new((&*keys.cipher).into())
        .decrypt_inout_detached(&nonce, associated, plain.as_mut_slice().into(), &tag)
        .map_err(|_| Error::SealDamaged("not authentic"))?;
    unframe(plain, plain_bytes_max)
}

/// The body behind the one-byte compression and the plain length.
fn unframe(mut plain: Vec<u8>, plain_bytes_max: usize) -> Result<Vec<u8>> {
    let Some((&[compression, a, b, c, d], body)) = plain.split_first_chunk::<BODY_HEADER_BYTES>()
    else {
        return Err(Error::SealDamaged("too short"));
    };
    let length = u32::from_le_bytes([a, b, c, d]) as usize;
    if length > plain_bytes_max {
        return Err(Error::SealDamaged("longer than allowed"));
    }
    match compression {
        RAW if body.len() == length => {
            plain.drain(..BODY_HEADER_BYTES);
            Ok(plain)
        }
        ZSTD => {
            let opened = Decompressor::new()
                .and_then(|mut decompressor| decompressor.decompress(body, length))
                .map_err(|_| Error::SealDamaged("not a zstd frame of that length"))?;
            if opened.len() == length {
                Ok(opened)
            } else {
                Err(Error::SealDamaged("not a zstd frame of that length"))
            }
        }
        RAW => Err(Error::SealDamaged("not of the length it says")),
        _ => Err(Error::SealDamaged("an unknown compression")),
    }
}

/// Commitments are public, but a comparison that stops early is a habit not to have.
fn constant_time_equal(left: &[u8], right: &[u8]) -> bool {
    left.len() == right.len()
        && left.iter().zip(right).fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const OWNER: Owner = Owner { vault_id: [3; 16], folder_id: [4; 16] };
    const KEY: [u8; 32] = [5; 32];

    fn seal_one(body: &[u8], id: [u8; 32]) -> Vec<u8> {
        let piece = Piece { id, offset: 0, length: body.len(), nonce: [6; 24] };
        seal_chunks(body, &[piece], &OWNER, 9, &KEY, 3, &Cancel::default()).unwrap().remove(0)
    }

    #[test]
    fn text_is_compressed_and_noise_is_not() {
        let text = b"the same words again and again, ".repeat(1000);
        assert!(seal_one(&text, [1; 32]).len() < 1000);
        let mut noise = vec![0; 100_000];
        blake3::Hasher::new().finalize_xof().fill(&mut noise);
        assert_eq!(seal_one(&noise, [1; 32]).len(), noise.len() + SEAL_OVERHEAD_BYTES);
    }

    #[test]
    fn a_frame_that_grows_beyond_its_recorded_length_is_refused() {
        let bomb = zstd::bulk::compress(&vec![0; 10_000_000], 3).unwrap();
        let mut plain = vec![ZSTD];
        plain.extend_from_slice(&1000_u32.to_le_bytes());
        plain.extend_from_slice(&bomb);
        assert_eq!(unframe(plain, 10_000).unwrap_err().code(), "seal-damaged");
    }

    #[test]
    fn another_place_or_limit_does_not_open() {
        let sealed = seal_one(b"body", [1; 32]);
        let open = |sealed: &[u8], id: [u8; 32], owner: &Owner, key: &[u8; 32], max: usize| {
            open_chunk(sealed, &id, owner, key, max).map_err(|error| error.code())
        };
        assert_eq!(open(&sealed, [1; 32], &OWNER, &KEY, 4), Ok(b"body".to_vec()));
        let elsewhere = Owner { folder_id: [0; 16], ..OWNER };
        assert_eq!(open(&sealed, [1; 32], &elsewhere, &KEY, 4), Err("seal-damaged"));
        assert_eq!(open(&sealed, [2; 32], &OWNER, &KEY, 4), Err("seal-damaged"));
        assert_eq!(open(&sealed, [1; 32], &OWNER, &[0; 32], 4), Err("seal-damaged"));
        assert_eq!(open(&sealed, [1; 32], &OWNER, &KEY, 3), Err("seal-damaged"));
        assert_eq!(open(&[2, 0, 0, 0, 0], [1; 32], &OWNER, &KEY, 3), Err("seal-version"));
        for length in 0..sealed.len() {
            assert_eq!(open(&sealed[..length], [1; 32], &OWNER, &KEY, 4), Err("seal-damaged"));
        }
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens_and_no_bit_may_change(
            body in prop::collection::vec(0_u8..4, 0..3000),
            bit in 0_usize..100_000,
        ) {
            let mut sealed = seal_one(&body, [7; 32]);
            prop_assert_eq!(open_chunk(&sealed, &[7; 32], &OWNER, &KEY, 3000).unwrap(), body);
            let position = bit / 8 % sealed.len();
            sealed[position] ^= 1 << (bit % 8);
            prop_assert!(open_chunk(&sealed, &[7; 32], &OWNER, &KEY, 3000).is_err());
        }

        #[test]
        fn records_open_for_their_purpose_only(body: Vec<u8>, noise: Vec<u8>) {
            let sealed = seal_record(&body, "footer", b"place", 2, &KEY, &[1; 24], 3).unwrap();
            prop_assert_eq!(key_epoch(&sealed).unwrap(), 2);
            prop_assert_eq!(open_record(&sealed, "footer", b"place", &KEY, 1000).unwrap(), body);
            prop_assert!(open_record(&sealed, "snapshot", b"place", &KEY, 1000).is_err());
            prop_assert!(open_record(&sealed, "footer", b"else", &KEY, 1000).is_err());
            prop_assert!(open_record(&noise, "footer", b"place", &KEY, 1000).is_err());
        }
    }
}
