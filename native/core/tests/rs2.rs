//! RS2 against itself: every way back gives the blob, and bad input never panics.
//!
//! That the bytes are those of the protocol is shown elsewhere: test/conformance compares them with
//! the official encoder, test/vectors with recorded ones.

#![allow(clippy::unwrap_used)]

use floe_core::cancel::Cancel;
use floe_core::config::{Axis, Config};
use floe_core::decode::{Consistency, decode};
use floe_core::encode::{Encoded, compute_metadata, encode};
use floe_core::error::Error;
use floe_core::merkle::root_of;
use floe_core::metadata::BlobMetadata;
use floe_core::recovery::{
    ExpandedSliver, Recovered, RecoverySymbol, recover_sliver, recover_sliver_unproven,
    split_recovery_symbols, verify_inconsistency_proof,
};
use floe_core::sliver::{Sliver, expanded_leaves, verify_sliver};
use proptest::prelude::*;
use proptest::sample::subsequence;

const AXES: [Axis; 2] = [Axis::Primary, Axis::Secondary];
const SHARD_COUNTS: [u32; 6] = [4, 5, 7, 10, 13, 31];

fn blob(length: usize, seed: u64) -> Vec<u8> {
    let mut bytes = vec![0; length];
    blake3::Hasher::new().update(&seed.to_le_bytes()).finalize_xof().fill(&mut bytes);
    bytes
}

fn encoded(blob: &[u8], shard_count: u32) -> Encoded {
    encode(blob, Config::new(shard_count).unwrap(), &Cancel::default()).unwrap()
}

/// The BCS of all slivers of an axis, by sliver index.
fn slivers(blob: &[u8], encoded: &Encoded, axis: Axis) -> Vec<Vec<u8>> {
    let n = encoded.metadata().config().shard_count();
    (0..n)
        .map(|index| {
            let pair = if axis == Axis::Primary { index } else { n - 1 - index };
            encoded.sliver(blob, pair.into(), axis).unwrap()
        })
        .collect()
}

fn parse(slivers: &[Vec<u8>]) -> Vec<Sliver<'_>> {
    slivers.iter().map(|bcs| Sliver::parse(bcs).unwrap()).collect()
}

const DEFAULT: Consistency = Consistency::Systematic { is_verified: false };

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_sufficient_slivers_give_the_blob(
        shard_count in prop::sample::select(&SHARD_COUNTS),
        length in prop_oneof![0_usize..300, 0_usize..40_000],
        seed: u64,
        order in Just((0..31_usize).collect::<Vec<_>>()).prop_shuffle(),
        is_strict: bool,
    ) {
        let blob = blob(length, seed);
        let encoded = encoded(&blob, shard_count);
        let metadata = encoded.metadata();
        for axis in AXES {
            let all = slivers(&blob, &encoded, axis);
            let all = parse(&all);
            let needed = metadata.config().source_count(axis);
            let chosen: Vec<Sliver<'_>> =
                order.iter().filter_map(|i| all.get(*i).copied()).take(needed).collect();
            for sliver in &chosen {
                sliver.verify(metadata, axis).unwrap();
            }
            let level = if is_strict { Consistency::Strict } else { DEFAULT };
            let decoded = decode(metadata, axis, &chosen, level, &Cancel::default()).unwrap();
            prop_assert_eq!(&decoded, &blob);
            let short = decode(metadata, axis, &chosen[1..], level, &Cancel::default());
            prop_assert_eq!(short.unwrap_err().code(), "insufficient");
        }
    }

    #[test]
    fn any_sufficient_symbols_give_the_sliver(
        shard_count in prop::sample::select(&SHARD_COUNTS),
        length in 0_usize..5000,
        seed: u64,
        target in 0_u16..4,
        order in Just((0..31_usize).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let blob = blob(length, seed);
        let encoded = encoded(&blob, shard_count);
        let metadata = encoded.metadata();
        for axis in AXES {
            let sources = slivers(&blob, &encoded, axis.other());
            let needed = metadata.config().symbols_per_sliver(axis);
            let expanded: Vec<ExpandedSliver> = order
                .iter()
                .filter_map(|i| sources.get(*i))
                .take(needed)
                .map(|bcs| Sliver::parse(bcs).unwrap())
                .map(|sliver| ExpandedSliver::new(metadata, axis.other(), &sliver).unwrap())
                .collect();
            let proven: Vec<Vec<u8>> =
                expanded.iter().map(|e| e.recovery_symbol(target.into()).unwrap()).collect();
            let bare: Vec<Vec<u8>> =
                expanded.iter().map(|e| e.decoding_symbol(target.into()).unwrap()).collect();
            let proven: Vec<&[u8]> = proven.iter().map(Vec::as_slice).collect();
            let bare: Vec<&[u8]> = bare.iter().map(Vec::as_slice).collect();
            let expected = &slivers(&blob, &encoded, axis)[usize::from(target)];
            let recovered = recover_sliver(metadata, axis, target, &proven).unwrap();
            prop_assert_eq!(recovered, Recovered::Sliver(expected.clone()));
            prop_assert_eq!(&recover_sliver_unproven(metadata, axis, target, &bare).unwrap(), expected);
            let short = recover_sliver(metadata, axis, target, &proven[1..]);
            prop_assert_eq!(short.unwrap_err().code(), "insufficient");
            let mut vector = vec![u8::try_from(proven.len()).unwrap()];
            vector.extend(proven.concat());
            prop_assert_eq!(split_recovery_symbols(&vector, metadata.config()).unwrap(), proven);
        }
    }

    #[test]
    fn a_changed_sliver_or_symbol_is_refused(
        shard_count in prop::sample::select(&SHARD_COUNTS),
        length in 0_usize..2000,
        position: usize,
        change in 1_u8..=255,
    ) {
        let blob = blob(length, 1);
        let encoded = encoded(&blob, shard_count);
        let metadata = encoded.metadata();
        for axis in AXES {
            let pair = u32::try_from(position % metadata.config().n()).unwrap();
            let genuine = encoded.sliver(&blob, pair, axis).unwrap();
            verify_sliver(metadata, pair, axis, &genuine).unwrap();
            let mut changed = genuine.clone();
            let at = position % changed.len();
            changed[at] ^= change;
            prop_assert!(verify_sliver(metadata, pair, axis, &changed).is_err());

            let sliver = Sliver::parse(&genuine).unwrap();
            let expanded = ExpandedSliver::new(metadata, axis, &sliver).unwrap();
            let mut symbol = expanded.recovery_symbol(pair).unwrap();
            RecoverySymbol::parse(&symbol, metadata.config()).unwrap().verify(metadata).unwrap();
            let at = position % symbol.len();
            symbol[at] ^= change;
            let verified = RecoverySymbol::parse(&symbol, metadata.config())
                .and_then(|symbol| symbol.verify(metadata));
            prop_assert!(verified.is_err());
        }
    }

    #[test]
    fn bytes_from_anywhere_never_panic(
        noise in prop::collection::vec(any::<u8>(), 0..600),
        keep in 0_usize..600,
        pair in 0_u32..12,
    ) {
        let blob = blob(100, 2);
        let encoded = encoded(&blob, 7);
        let metadata = encoded.metadata();
        let config = metadata.config();
        // Noise alone, and noise behind a genuine beginning.
        let genuine = [
            metadata.to_bcs(),
            encoded.sliver(&blob, 1, Axis::Primary).unwrap(),
        ];
        for start in genuine.iter().map(|bytes| &bytes[..keep.min(bytes.len())]).chain([&[][..]]) {
            let input = [start, noise.as_slice()].concat();
            let _ = BlobMetadata::parse(&input, config);
            let _ = split_recovery_symbols(&input, config);
            for axis in AXES {
                let _ = verify_sliver(metadata, pair, axis, &input);
                let _ = recover_sliver(metadata, axis, 1, &[&input]);
                let _ = recover_sliver_unproven(metadata, axis, 1, &[&input]);
                let _ = verify_inconsistency_proof(metadata, axis, &input);
                if let Ok(sliver) = Sliver::parse(&input) {
                    let _ = decode(metadata, axis, &[sliver; 9], DEFAULT, &Cancel::default());
                }
            }
        }
    }

    #[test]
    fn metadata_round_trips_and_is_the_same_without_encoding(
        shard_count in prop::sample::select(&SHARD_COUNTS),
        length in 0_usize..20_000,
        seed: u64,
    ) {
        let blob = blob(length, seed);
        let encoded = encoded(&blob, shard_count);
        let metadata = encoded.metadata();
        let config = metadata.config();
        let computed = compute_metadata(&blob, config, &Cancel::default()).unwrap();
        prop_assert_eq!(computed.blob_id(), metadata.blob_id());
        let parsed = BlobMetadata::parse(&metadata.to_bcs(), config).unwrap();
        prop_assert_eq!(parsed.blob_id(), metadata.blob_id());
        prop_assert_eq!(parsed.to_bcs(), metadata.to_bcs());
    }

    #[test]
    fn systematic_slivers_are_preferred(kept in subsequence((0..10_usize).collect::<Vec<_>>(), 7..10)) {
        let blob = blob(1000, 3);
        let encoded = encoded(&blob, 10);
        let all = slivers(&blob, &encoded, Axis::Secondary);
        let all = parse(&all);
        let given: Vec<Sliver<'_>> = kept.iter().chain(&kept).map(|i| all[*i]).collect();
        let decoded =
            decode(encoded.metadata(), Axis::Secondary, &given, DEFAULT, &Cancel::default());
        prop_assert_eq!(decoded.unwrap(), blob);
    }
}

/// Metadata of a matrix that is no code word: one symbol of row 0 differs from what its column
/// extends to, and row and column hashes are taken of what is stored.
fn inconsistent_blob() -> (BlobMetadata, Vec<Vec<u8>>, Vec<Vec<u8>>) {
    let blob = blob(1000, 4);
    let encoded = encoded(&blob, 10);
    let config = encoded.metadata().config();
    let primary = slivers(&blob, &encoded, Axis::Primary);
    let mut secondary = slivers(&blob, &encoded, Axis::Secondary);
    // Behind two bytes of length, in the first symbol of column 2.
    secondary[2][2] ^= 1;
    let symbol_bytes = encoded.metadata().symbol_bytes();
    let root = |axis: Axis, bcs: &Vec<u8>| {
        let data = Sliver::parse(bcs).unwrap().data;
        let mut leaves = expanded_leaves(data, symbol_bytes, config, axis).unwrap();
        root_of(&mut leaves)
    };
    let rows: Vec<_> = primary.iter().map(|bcs| root(Axis::Primary, bcs)).collect();
    let columns: Vec<_> = secondary.iter().map(|bcs| root(Axis::Secondary, bcs)).collect();
    let metadata = BlobMetadata::new(config, 1000, &rows, &columns).unwrap();
    (metadata, primary, secondary)
}

#[test]
fn an_inconsistent_blob_is_found_and_proven() {
    let (metadata, primary, secondary) = inconsistent_blob();
    let cancel = Cancel::default();
    let (rows, columns) = (parse(&primary), parse(&secondary));
    for (slivers, axis) in [(&rows, Axis::Primary), (&columns, Axis::Secondary)] {
        for sliver in slivers {
            sliver.verify(&metadata, axis).unwrap();
        }
    }
    // Columns with the changed one rebuild another row 0 than the one that was hashed.
    let found = decode(&metadata, Axis::Secondary, &columns[..7], DEFAULT, &cancel);
    assert_eq!(found.unwrap_err(), Error::Inconsistent);
    // The systematic rows are as they were hashed, and yet the blob ID is not theirs.
    assert!(decode(&metadata, Axis::Primary, &rows[..4], DEFAULT, &cancel).is_ok());
    let found = decode(&metadata, Axis::Primary, &rows[..4], Consistency::Strict, &cancel);
    assert_eq!(found.unwrap_err(), Error::Inconsistent);

    let symbols: Vec<Vec<u8>> = columns[..7]
        .iter()
        .map(|sliver| ExpandedSliver::new(&metadata, Axis::Secondary, sliver).unwrap())
        .map(|expanded| expanded.recovery_symbol(0).unwrap())
        .collect();
    let symbols: Vec<&[u8]> = symbols.iter().map(Vec::as_slice).collect();
    let Recovered::Inconsistent(proof) =
        recover_sliver(&metadata, Axis::Primary, 0, &symbols).unwrap()
    else {
        panic!("the row was recovered");
    };
    verify_inconsistency_proof(&metadata, Axis::Primary, &proof).unwrap();
    assert!(verify_inconsistency_proof(&metadata, Axis::Secondary, &proof).is_err());
    for length in 0..proof.len() {
        assert!(verify_inconsistency_proof(&metadata, Axis::Primary, &proof[..length]).is_err());
    }
}

#[test]
fn a_proof_about_a_consistent_sliver_shows_nothing() {
    let blob = blob(1000, 5);
    let encoded = encoded(&blob, 10);
    let metadata = encoded.metadata();
    let mut proof = 3_u16.to_le_bytes().to_vec();
    proof.push(7);
    for bcs in &slivers(&blob, &encoded, Axis::Secondary)[..7] {
        let sliver = Sliver::parse(bcs).unwrap();
        let expanded = ExpandedSliver::new(metadata, Axis::Secondary, &sliver).unwrap();
        let symbol = expanded.recovery_symbol(3).unwrap();
        // Source index and bytes, then the path: without axis and target index.
        let data_end = 1 + 2 + 1 + metadata.symbol_bytes();
        proof.extend_from_slice(&symbol[1..data_end]);
        proof.extend_from_slice(&symbol[data_end + 2..]);
    }
    let shown = verify_inconsistency_proof(metadata, Axis::Primary, &proof);
    assert_eq!(shown.unwrap_err(), Error::ProofShowsNothing);
}

#[test]
fn refusals_name_what_differs() {
    let blob = blob(1000, 6);
    let encoded = encoded(&blob, 10);
    let metadata = encoded.metadata();
    let sliver = encoded.sliver(&blob, 3, Axis::Primary).unwrap();
    let refuse = |pair: u32, axis: Axis, bcs: &[u8]| {
        verify_sliver(metadata, pair, axis, bcs).unwrap_err().code()
    };
    let edit = |edit: &dyn Fn(&mut Vec<u8>)| {
        let mut bcs = sliver.clone();
        edit(&mut bcs);
        bcs
    };
    let end = sliver.len();
    assert_eq!(refuse(3, Axis::Primary, &sliver[..end - 1]), "bcs");
    assert_eq!(refuse(3, Axis::Primary, &edit(&|bcs| bcs.push(0))), "bcs");
    assert_eq!(refuse(4, Axis::Primary, &sliver), "index");
    assert_eq!(refuse(10, Axis::Primary, &sliver), "index");
    assert_eq!(refuse(3, Axis::Primary, &edit(&|bcs| bcs[end - 4] ^= 2)), "symbol-size");
    assert_eq!(refuse(6, Axis::Secondary, &sliver), "length");
    assert_eq!(refuse(3, Axis::Primary, &edit(&|bcs| bcs[9] ^= 1)), "merkle");
    assert_eq!(encoded.sliver(&blob, 10, Axis::Primary).unwrap_err().code(), "index");
    assert_eq!(encoded.sliver(&blob[1..], 0, Axis::Primary).unwrap_err().code(), "argument");

    let bcs = metadata.to_bcs();
    let config = metadata.config();
    let refuse = |bcs: &[u8], config| BlobMetadata::parse(bcs, config).unwrap_err().code();
    assert_eq!(refuse(&bcs, Config::new(13).unwrap()), "hash-count");
    let with = |position: usize, byte: u8| {
        let mut bcs = bcs.clone();
        bcs[position] = byte;
        bcs
    };
    assert_eq!(refuse(&with(0, 1), config), "bcs");
    assert_eq!(refuse(&with(1, 0), config), "encoding-type");
    assert_eq!(refuse(&with(1, 2), config), "bcs");
    assert_eq!(refuse(&with(9, 1), config), "blob-too-large");
    assert_eq!(refuse(&bcs[..bcs.len() - 1], config), "bcs");
}

#[test]
fn a_cancelled_encoding_ends() {
    let cancel = Cancel::default();
    cancel.cancel();
    let config = Config::new(10).unwrap();
    assert_eq!(encode(&[1], config, &cancel).unwrap_err(), Error::Cancelled);
    assert_eq!(compute_metadata(&[1], config, &cancel).unwrap_err(), Error::Cancelled);
}

#[test]
fn the_empty_blob_of_a_thousand_shards_has_the_known_id() {
    let config = Config::new(1000).unwrap();
    let metadata = compute_metadata(&[], config, &Cancel::default()).unwrap();
    let known = [
        0xdc, 0x63, 0xd0, 0x2f, 0x71, 0xd9, 0x36, 0x71, 0x61, 0x37, 0xf1, 0x7b, 0x97, 0x90, 0x1a,
        0xf9, 0x7d, 0x55, 0x3a, 0xd0, 0x0a, 0xc0, 0x8b, 0x20, 0xf7, 0x3b, 0x96, 0x93, 0xc4, 0x7c,
        0xd6, 0xfe,
    ];
    assert_eq!(metadata.blob_id(), &known);
}
