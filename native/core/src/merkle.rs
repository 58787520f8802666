//! Merkle trees over BLAKE2b-256, and hashing of many equal inputs at once.
//!
//! A leaf is `H(0x00 | data)`, an inner node `H(0x01 | left | right)`. A level of odd size (but the
//! root's) gets one empty node, 32 zero bytes. One leaf is its own root; no leaf is the empty node.

use blake2b_simd::Params;
use floe_speed::blake2b::hash_prefixed;

use crate::bcs::{Reader, write_uleb};
use crate::error::{Error, Result};
use crate::hash::Digest;

/// The bytes of a missing node.
pub const EMPTY: Digest = [0; 32];

const LEAF_PREFIX: u8 = 0;
const INNER_PREFIX: u8 = 1;

/// A node as it travels in metadata and proofs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Node {
    /// A missing node.
    Empty,
    /// A hash.
    Digest(Digest),
}

impl Node {
    /// What enters a parent's hash.
    #[must_use]
    pub const fn bytes(&self) -> &Digest {
        match self {
            Self::Empty => &EMPTY,
            Self::Digest(digest) => digest,
        }
    }

    /// Appends the BCS of the node.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Empty => out.push(0),
            Self::Digest(digest) => {
                out.push(1);
                out.extend_from_slice(digest);
            }
        }
    }

    /// Reads the BCS of a node.
    ///
    /// # Errors
    ///
    /// [`Error::Bcs`].
    pub fn read(reader: &mut Reader<'_>) -> Result<Self> {
        match reader.u8()? {
            0 => Ok(Self::Empty),
            1 => Ok(Self::Digest(reader.array()?)),
            _ => Err(Error::Bcs("a Merkle node is empty or a digest")),
        }
    }
}

/// Writes the leaf hash of each of `symbols`, all of one length, to `out`.
pub fn hash_leaves<'a>(symbols: impl Iterator<Item = &'a [u8]>, out: &mut [Digest]) {
    hash_prefixed(LEAF_PREFIX, symbols, out);
}

/// Writes the parents of a level to `out`, which is half as long, rounded up.
fn hash_parents(level: &[Digest], out: &mut [Digest]) {
    let (pairs, last) = level.as_chunks::<2>();
    hash_prefixed(
        INNER_PREFIX,
        pairs.iter().map(|pair| pair.as_flattened()),
        &mut out[..pairs.len()],
    );
    if let ([last], Some(parent)) = (last, out.last_mut()) {
        *parent = inner_hash(last, &EMPTY);
    }
}

/// The root over `leaves`, which are overwritten.
pub fn root_of(leaves: &mut Vec<Digest>) -> Digest {
    let mut parents = Vec::with_capacity(leaves.len().div_ceil(2));
    while leaves.len() > 1 {
        parents.clear();
        parents.resize(leaves.len().div_ceil(2), EMPTY);
        hash_parents(leaves, &mut parents);
        core::mem::swap(leaves, &mut parents);
    }
    leaves.first().copied().unwrap_or(EMPTY)
}

/// The hash of a leaf.
#[must_use]
pub fn leaf_hash(data: &[u8]) -> Digest {
    let mut state = Params::new().hash_length(32).to_state();
    digest(state.update(&[LEAF_PREFIX]).update(data))
}

fn inner_hash(left: &Digest, right: &Digest) -> Digest {
    let mut state = Params::new().hash_length(32).to_state();
    digest(state.update(&[INNER_PREFIX]).update(left).update(right))
}

fn digest(state: &blake2b_simd::State) -> Digest {
    let mut digest = EMPTY;
    digest.copy_from_slice(state.finalize().as_bytes());
    digest
}

/// A whole tree, for proofs.
#[derive(Debug)]
pub struct Tree {
    /// Leaves first, the root's level last. Levels are not padded.
    levels: Vec<Vec<Digest>>,
}

impl Tree {
    /// The tree over `leaves`.
    #[must_use]
    pub fn new(leaves: Vec<Digest>) -> Self {
        let mut levels = vec![leaves];
        while let Some(level) = levels.last().filter(|level| level.len() > 1) {
            let mut parents = vec![EMPTY; level.len().div_ceil(2)];
            hash_parents(level, &mut parents);
            levels.push(parents);
        }
        Self { levels }
    }

    /// The root.
    #[must_use]
    pub fn root(&self) -> Digest {
        self.levels.last().and_then(|level| level.first()).copied().unwrap_or(EMPTY)
    }

    /// The siblings of leaf `index` and of its ancestors, leaf level first.
    #[must_use]
    pub fn path(&self, index: usize) -> Vec<Node> {
        let inner = self.levels.len().saturating_sub(1);
        (self.levels.iter().take(inner).enumerate())
            .map(|(height, level)| {
                level.get((index >> height) ^ 1).map_or(Node::Empty, |digest| Node::Digest(*digest))
            })
            .collect()
    }
}

/// The levels between leaf and root of a tree over `leaf_count` leaves.
#[must_use]
pub const fn height(leaf_count: usize) -> usize {
    leaf_count.next_power_of_two().trailing_zeros() as usize
}

/// The root that `path` gives to the leaf of `data` at `index`; `None` for an index outside it.
#[must_use]
pub fn root_from_path(data: &[u8], index: usize, path: &[Node]) -> Option<Digest> {
    let mut position = index;
    let mut hash = leaf_hash(data);
    for sibling in path {
        hash = if position & 1 == 0 {
            inner_hash(&hash, sibling.bytes())
        } else {
            inner_hash(sibling.bytes(), &hash)
        };
        position >>= 1;
    }
    (position == 0).then_some(hash)
}

/// Appends the BCS of a path.
pub fn write_path(out: &mut Vec<u8>, path: &[Node]) {
    write_uleb(out, path.len());
    for node in path {
        node.write(out);
    }
}

/// Reads the BCS of a path of at most `length_max` nodes.
///
/// # Errors
///
/// [`Error::Bcs`], [`Error::ProofLength`].
pub fn read_path(reader: &mut Reader<'_>, length_max: usize) -> Result<Vec<Node>> {
    let length = reader.uleb()?;
    if length > length_max {
        return Err(Error::ProofLength { found: length, max: length_max });
    }
    (0..length).map(|_| Node::read(reader)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition, one hash at a time.
    fn naive_root(leaves: &[Digest]) -> Digest {
        match leaves {
            [] => EMPTY,
            [root] => *root,
            _ => {
                let parents: Vec<Digest> = leaves
                    .chunks(2)
                    .map(|pair| inner_hash(&pair[0], pair.get(1).unwrap_or(&EMPTY)))
                    .collect();
                naive_root(&parents)
            }
        }
    }

    #[test]
    fn roots_and_paths_agree_for_every_size() {
        for count in 0..70 {
            for length in [0, 2, 64, 126, 127, 128, 129, 255, 638] {
                let symbols: Vec<Vec<u8>> = (0..count)
                    .map(|i| (0..length).map(|j| (i * 31 + j * 7) as u8).collect())
                    .collect();
                let mut leaves = vec![EMPTY; count];
                hash_leaves(symbols.iter().map(Vec::as_slice), &mut leaves);
                for (symbol, leaf) in symbols.iter().zip(&leaves) {
                    assert_eq!(*leaf, leaf_hash(symbol));
                }
                let tree = Tree::new(leaves.clone());
                assert_eq!(tree.root(), naive_root(&leaves));
                assert_eq!(root_of(&mut leaves), tree.root());
                for (index, symbol) in symbols.iter().enumerate() {
                    let path = tree.path(index);
                    assert_eq!(path.len(), height(count));
                    assert_eq!(root_from_path(symbol, index, &path), Some(tree.root()));
                    assert_eq!(root_from_path(symbol, index + (1 << path.len()), &path), None);
                }
            }
        }
    }
}
