//! BLS12-381 signatures of storage nodes: public keys in G1, signatures in G2.
//!
//! Keys come compressed (48 bytes) or uncompressed (96 bytes, as on chain). Every point that enters
//! is checked to be in its group and, for keys, not the point at infinity. Aggregation of public
//! keys is safe only for keys whose owners proved possession, which the chain demands at
//! registration.

use blst::BLST_ERROR;
use blst::min_pk::{AggregatePublicKey, AggregateSignature, PublicKey, SecretKey, Signature};
use zeroize::Zeroizing;

use crate::error::{Error, Result};

const DST: &[u8] = b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_NUL_";
/// A seed of less entropy makes no key.
const SEED_BYTES_MIN: usize = 32;
const SIGNATURE_BYTES: usize = 96;

/// A public key in both of its forms.
#[derive(Debug, Clone, Copy)]
pub struct PublicKeyForms {
    /// 48 bytes.
    pub compressed: [u8; 48],
    /// 96 bytes, as on chain.
    pub uncompressed: [u8; 96],
}

impl From<PublicKey> for PublicKeyForms {
    fn from(key: PublicKey) -> Self {
        Self { compressed: key.compress(), uncompressed: key.serialize() }
    }
}

/// The secret key of a seed of at least 32 bytes (RFC draft KeyGen), big-endian.
///
/// # Errors
///
/// Refuses a short seed.
pub fn secret_key(seed: &[u8]) -> Result<Zeroizing<[u8; 32]>> {
    if seed.len() < SEED_BYTES_MIN {
        return Err(Error::Argument("a BLS seed has at least 32 bytes"));
    }
    let key = SecretKey::key_gen(seed, &[]).map_err(|_| Error::SecretKey)?;
    Ok(Zeroizing::new(key.to_bytes()))
}

/// The public key of a secret key.
///
/// # Errors
///
/// [`Error::SecretKey`].
pub fn public_key(secret: &[u8]) -> Result<PublicKeyForms> {
    Ok(read_secret(secret)?.sk_to_pk().into())
}

/// Both forms of a public key given in either.
///
/// # Errors
///
/// [`Error::PublicKey`].
pub fn public_key_forms(key: &[u8]) -> Result<PublicKeyForms> {
    Ok(read_public(key)?.into())
}

/// Signs a message: 96 bytes, compressed.
///
/// # Errors
///
/// [`Error::SecretKey`].
pub fn sign(secret: &[u8], message: &[u8]) -> Result<[u8; 96]> {
    Ok(read_secret(secret)?.sign(message, DST, &[]).compress())
}

/// Whether `signature` is that of `key` for `message`. Bytes that are no key or signature sign
/// nothing.
#[must_use]
pub fn verify(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let (Ok(key), Ok(signature)) = (read_public(key), read_signature(signature)) else {
        return false;
    };
    // Both points were checked when they were read.
    signature.verify(false, message, DST, &[], &key, false) == BLST_ERROR::BLST_SUCCESS
}

/// Adds signatures up.
///
/// # Errors
///
/// [`Error::Signature`] if one is none, or there is none.
pub fn aggregate(signatures: &[&[u8]]) -> Result<[u8; 96]> {
    let signatures: Vec<Signature> =
        signatures.iter().map(|bytes| read_signature(bytes)).collect::<Result<_>>()?;
    let references: Vec<&Signature> = signatures.iter().collect();
    AggregateSignature::aggregate(&references, false)
        .map(|sum| sum.to_signature().compress())
        .map_err(|_| Error::Signature)
}

/// Adds public keys up.
///
/// # Errors
///
/// [`Error::PublicKey`] if one is none, or there is none.
pub fn aggregate_public_keys(keys: &[&[u8]]) -> Result<PublicKeyForms> {
    Ok(sum_keys(keys)?.into())
}

/// Whether `signature` is the sum of the signatures of all `keys` for the same `message`.
#[must_use]
pub fn verify_aggregate(keys: &[&[u8]], message: &[u8], signature: &[u8]) -> bool {
    let (Ok(key), Ok(signature)) = (sum_keys(keys), read_signature(signature)) else {
        return false;
    };
    signature.verify(false, message, DST, &[], &key, false) == BLST_ERROR::BLST_SUCCESS
}

fn sum_keys(keys: &[&[u8]]) -> Result<PublicKey> {
    let keys: Vec<PublicKey> =
        keys.iter().map(|bytes| read_public(bytes)).collect::<Result<_>>()?;
    let references: Vec<&PublicKey> = keys.iter().collect();
    AggregatePublicKey::aggregate(&references, false)
        .map(|sum| sum.to_public_key())
        .map_err(|_| Error::PublicKey)
}

fn read_secret(bytes: &[u8]) -> Result<SecretKey> {
    SecretKey::from_bytes(bytes).map_err(|_| Error::SecretKey)
}

fn read_public(bytes: &[u8]) -> Result<PublicKey> {
    PublicKey::key_validate(bytes).map_err(|_| Error::PublicKey)
}

fn read_signature(bytes: &[u8]) -> Result<Signature> {
    if bytes.len() != SIGNATURE_BYTES {
        return Err(Error::Signature);
    }
    // Refuses the point at infinity too, which is the signature of no key.
    Signature::sig_validate(bytes, true).map_err(|_| Error::Signature)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aggregates_verify_for_exactly_their_signers() {
        let secrets: Vec<_> = (0..4_u8).map(|i| secret_key(&[i; 32]).unwrap()).collect();
        let keys: Vec<_> = secrets.iter().map(|s| public_key(s.as_slice()).unwrap()).collect();
        let signatures: Vec<_> =
            secrets.iter().map(|s| sign(s.as_slice(), b"message").unwrap()).collect();
        for (key, signature) in keys.iter().zip(&signatures) {
            assert!(verify(&key.compressed, b"message", signature));
            assert!(verify(&key.uncompressed, b"message", signature));
            assert!(!verify(&key.uncompressed, b"massage", signature));
        }
        let signatures: Vec<&[u8]> = signatures.iter().map(<[u8; 96]>::as_slice).collect();
        let sum = aggregate(&signatures).unwrap();
        let keys: Vec<&[u8]> = keys.iter().map(|key| key.uncompressed.as_slice()).collect();
        assert!(verify_aggregate(&keys, b"message", &sum));
        assert!(!verify_aggregate(&keys[1..], b"message", &sum));
        assert!(!verify_aggregate(&[], b"message", &sum));
        let key = aggregate_public_keys(&keys).unwrap();
        assert!(verify(&key.compressed, b"message", &sum));
    }

    #[test]
    fn bytes_that_are_no_points_are_refused() {
        let infinity = {
            let mut bytes = [0; 48];
            bytes[0] = 0xc0;
            bytes
        };
        for bytes in [&[][..], &[0; 48], &[0xff; 96], &infinity, &[0x80; 47]] {
            assert_eq!(public_key_forms(bytes).unwrap_err().code(), "public-key");
            assert_eq!(aggregate(&[bytes]).unwrap_err().code(), "signature");
            assert!(!verify(bytes, b"", bytes));
        }
        assert_eq!(sign(&[0; 32], b"").unwrap_err().code(), "secret-key");
        assert_eq!(secret_key(&[1; 31]).unwrap_err().code(), "argument");
    }
}
