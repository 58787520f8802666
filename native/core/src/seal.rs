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

use std::cell::RefCell;

use blake3::Hasher;
use chacha20poly1305::aead::AeadInOut;
use chacha20poly1305::aead::inout::InOutBuf;
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

/// Seals chunks that lie in `bytes`, each by itself, and gives the sealed length of each.
///
/// Piece by piece takes its length and [`SEAL_OVERHEAD_BYTES`] of `out`, one behind the other; what
/// compression saves stays unused at the end of its place. So all pieces are sealed at the same
/// time, and nothing is copied or made for them.
///
/// # Errors
///
/// Refuses pieces outside `bytes`, too little room in `out`, and levels that zstd has not.
/// [`Error::Cancelled`].
#[allow(clippy::too_many_arguments)]
pub fn seal_chunks(
    bytes: &[u8],
    pieces: &[Piece],
    owner: &Owner,
    key_epoch: u32,
    folder_key: &[u8; 32],
    level: i32,
    out: &mut [u8],
    cancel: &Cancel,
) -> Result<Vec<u32>> {
    let places = split_places(out, pieces.iter().map(|piece| piece.length + SEAL_OVERHEAD_BYTES))?;
    pieces
        .par_iter()
        .zip(places)
        .map(|(piece, place)| {
            cancel.check()?;
            let body = (piece.offset.checked_add(piece.length))
                .and_then(|end| bytes.get(piece.offset..end))
                .ok_or(Error::Argument("a chunk lies outside the bytes"))?;
            let keys = Keys::derive(folder_key, CHUNK_LABEL, &piece.id);
            let associated = chunk_associated(owner, key_epoch, &piece.id);
            let length = seal(body, &keys, key_epoch, &piece.nonce, &associated, level, place)?;
            u32::try_from(length).map_err(|_| Error::Internal("a sealed chunk is below 4 GiB"))
        })
        .collect()
}

/// Cuts `out` into places of the given lengths, one behind the other.
fn split_places(
    mut out: &mut [u8],
    lengths: impl Iterator<Item = usize>,
) -> Result<Vec<&mut [u8]>> {
    lengths
        .map(|length| {
            let (place, rest) = core::mem::take(&mut out)
                .split_at_mut_checked(length)
                .ok_or(Error::Argument("the buffer is too small"))?;
            out = rest;
            Ok(place)
        })
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

/// A chunk to open: where its sealed bytes lie, what it is called, how long its content is.
#[derive(Debug, Clone, Copy)]
pub struct SealedPiece {
    /// Keyed hash of the content.
    pub id: [u8; 32],
    /// Where the sealed bytes begin.
    pub offset: usize,
    /// Sealed bytes.
    pub length: usize,
    /// Bytes of content.
    pub plain_length: usize,
    /// The folder key of its epoch.
    pub folder_key: [u8; 32],
}

/// Opens chunks that lie in `bytes` into `out`, where the content of one stands behind that of the
/// other. A chunk that does not open keeps no other from it; its place then holds anything.
///
/// # Errors
///
/// Refuses too little room in `out`. [`Error::Cancelled`]. Of each piece [`Error::SealVersion`],
/// [`Error::SealDamaged`], also for content of another length.
pub fn open_chunks(
    bytes: &[u8],
    pieces: &[SealedPiece],
    owner: &Owner,
    out: &mut [u8],
    cancel: &Cancel,
) -> Result<Vec<Result<()>>> {
    let places = split_places(out, pieces.iter().map(|piece| piece.plain_length))?;
    let opened = (pieces.par_iter().zip(places))
        .map(|(piece, place)| {
            cancel.check()?;
            let sealed = (piece.offset.checked_add(piece.length))
                .and_then(|end| bytes.get(piece.offset..end))
                .ok_or(Error::SealDamaged("it lies outside of what was read"))?;
            let key_epoch = key_epoch(sealed)?;
            let keys = Keys::derive(&piece.folder_key, CHUNK_LABEL, &piece.id);
            let associated = chunk_associated(owner, key_epoch, &piece.id);
            with_plaintext(sealed, &keys, &associated, |plain| unframe_into(plain, place))
        })
        .collect();
    cancel.check()?;
    Ok(opened)
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
    let keys = Keys::derive(key, RECORD_LABEL, purpose.as_bytes());
    let mut sealed = vec![0; body.len() + SEAL_OVERHEAD_BYTES];
    let length = seal(body, &keys, key_epoch, nonce, associated, level, &mut sealed)?;
    sealed.truncate(length);
    Ok(sealed)
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

/// Seals `body` at the start of `out` and gives the length. `out` has room for what is not
/// compressed.
fn seal(
    body: &[u8],
    keys: &Keys,
    key_epoch: u32,
    nonce: &[u8; 24],
    associated: &[u8],
    level: i32,
    out: &mut [u8],
) -> Result<usize> {
    if body.len() > SEAL_PLAIN_BYTES_MAX {
        return Err(Error::Argument("the body to seal is too long"));
    }
    let length = u32::try_from(body.len()).map_err(|_| Error::Internal("a limit is below 2^32"))?;
    let (header, rest) = out.split_at_mut(SEAL_HEADER_BYTES);
    header[0] = SEAL_VERSION;
    header[1..5].copy_from_slice(&key_epoch.to_le_bytes());
    header[5..37].copy_from_slice(&keys.commitment);
    header[37..].copy_from_slice(nonce);
    let (frame, frame_room) = rest.split_at_mut(BODY_HEADER_BYTES);
    frame[1..].copy_from_slice(&length.to_le_bytes());
    let body_bytes = if let Some(bytes) = compress(body, level, frame_room)? {
        frame[0] = ZSTD;
        bytes
    } else {
        frame[0] = RAW;
        frame_room[..body.len()].copy_from_slice(body);
        body.len()
    };
    let (plain, tag_room) = rest.split_at_mut(BODY_HEADER_BYTES + body_bytes);
    let tag = XChaCha20Poly1305::new((&*keys.cipher).into())
        .encrypt_inout_detached(&XNonce::from(*nonce), associated, plain.into())
        .map_err(|_| Error::Argument("the body to seal is too long"))?;
    tag_room[..TAG_BYTES].copy_from_slice(&tag);
    Ok(SEAL_OVERHEAD_BYTES + body_bytes)
}

thread_local! {
    /// One for each thread and the level used last: making one costs as much as a small chunk.
    static COMPRESSOR: RefCell<Option<(i32, Compressor<'static>)>> = const { RefCell::new(None) };
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
    /// What a chunk decrypts to, before it is decompressed.
    static PLAINTEXT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Writes the zstd frame of `body` to `room` and gives its length, unless it does not pay.
fn compress(body: &[u8], level: i32, room: &mut [u8]) -> Result<Option<usize>> {
    if body.len() < COMPRESS_BYTES_MIN {
        return Ok(None);
    }
    // A frame that does not fit here does not pay, and zstd stops when it is full.
    let bytes_max = body.len() - (body.len() >> COMPRESS_GAIN_SHIFT).max(1);
    COMPRESSOR.with_borrow_mut(|kept| {
        let compressor = match kept {
            Some((of, compressor)) if *of == level => compressor,
            _ => &mut kept.insert((level, Compressor::new(level).map_err(|_| LEVEL)?)).1,
        };
        Ok(compressor.compress_to_buffer(body, &mut room[..bytes_max]).ok())
    })
}

fn open(sealed: &[u8], keys: &Keys, associated: &[u8], plain_bytes_max: usize) -> Result<Vec<u8>> {
    with_plaintext(sealed, keys, associated, |plain| unframe(plain, plain_bytes_max))
}

/// Decrypts, and hands what `unframe` reads to `work`.
fn with_plaintext<T>(
    sealed: &[u8],
    keys: &Keys,
    associated: &[u8],
    work: impl FnOnce(&[u8]) -> Result<T>,
) -> Result<T> {
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
    PLAINTEXT.with_borrow_mut(|kept| {
        if kept.len() < ciphertext.len() {
            kept.resize(ciphertext.len(), 0);
        }
        let plain = &mut kept[..ciphertext.len()];
        let buffers = InOutBuf::new(ciphertext, &mut *plain)
            .map_err(|_| Error::Internal("both have one length"))?;
        XChaCha20Poly1305::new((&*keys.cipher).into())
            .decrypt_inout_detached(&nonce, associated, buffers, &tag)
            .map_err(|_| Error::SealDamaged("not authentic"))?;
        work(plain)
    })
}

/// The body behind the one-byte compression and the plain length.
fn unframe(plain: &[u8], plain_bytes_max: usize) -> Result<Vec<u8>> {
    let length = framed_length(plain)?;
    if length > plain_bytes_max {
        return Err(Error::SealDamaged("longer than allowed"));
    }
    let mut body = vec![0; length];
    unframe_into(plain, &mut body)?;
    Ok(body)
}

fn framed_length(plain: &[u8]) -> Result<usize> {
    let Some((&[_, a, b, c, d], _)) = plain.split_first_chunk::<BODY_HEADER_BYTES>() else {
        return Err(Error::SealDamaged("too short"));
    };
    Ok(u32::from_le_bytes([a, b, c, d]) as usize)
}

/// As `unframe`, into memory of exactly the body's length.
fn unframe_into(plain: &[u8], out: &mut [u8]) -> Result<()> {
    if framed_length(plain)? != out.len() {
        return Err(Error::SealDamaged("not of the expected length"));
    }
    let (compression, body) = (plain[0], &plain[BODY_HEADER_BYTES..]);
    match compression {
        RAW if body.len() == out.len() => {
            out.copy_from_slice(body);
            Ok(())
        }
        ZSTD => {
            const FRAME: Error = Error::SealDamaged("not a zstd frame of that length");
            DECOMPRESSOR.with_borrow_mut(|kept| {
                let decompressor = match kept {
                    Some(decompressor) => decompressor,
                    None => kept.insert(Decompressor::new().map_err(|_| FRAME)?),
                };
                match decompressor.decompress_to_buffer(body, out) {
                    Ok(written) if written == out.len() => Ok(()),
                    _ => Err(FRAME),
                }
            })
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
        let mut out = vec![0; body.len() + SEAL_OVERHEAD_BYTES];
        let cancel = Cancel::default();
        let sizes = seal_chunks(body, &[piece], &OWNER, 9, &KEY, 3, &mut out, &cancel).unwrap();
        out.truncate(sizes[0] as usize);
        out
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
        assert_eq!(unframe(&plain, 10_000).unwrap_err().code(), "seal-damaged");
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
