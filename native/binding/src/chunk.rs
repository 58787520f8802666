//! Cutting and naming chunks.

use std::sync::Arc;

use floe_core::chunk;
use floe_core::error::Error;
use napi::Result;
use napi::bindgen_prelude::{AsyncTask, Uint8Array, Uint32Array};
use napi_derive::napi;

use crate::job::{Job, job};
use crate::{Cancellation, array, to_napi};

/// Chunks of any number of files, flattened.
#[napi(object)]
pub struct CutChunks {
    /// Chunks per file.
    pub counts: Uint32Array,
    /// Offset and length of each chunk.
    pub ranges: Uint32Array,
    /// 32 bytes for each chunk.
    pub ids: Uint8Array,
}

#[napi]
pub struct Chunker {
    chunker: Arc<chunk::Chunker>,
}

#[napi]
impl Chunker {
    #[napi(constructor, catch_unwind)]
    pub fn new(
        min: u32,
        average: u32,
        max: u32,
        gear_key: Uint8Array,
        id_key: Uint8Array,
    ) -> Result<Self> {
        let open = || {
            let sizes = chunk::ChunkSizes {
                min: min as usize,
                average: average as usize,
                max: max as usize,
            };
            let gear_key = array(&gear_key, "a gear key has 32 bytes")?;
            let id_key = array(&id_key, "a chunk ID key has 32 bytes")?;
            chunk::Chunker::new(sizes, &gear_key, &id_key)
        };
        let chunker = open().map_err(|error| to_napi(&error))?;
        Ok(Self { chunker: Arc::new(chunker) })
    }

    #[napi]
    pub fn cut_files(
        &self,
        bytes: Uint8Array,
        lengths: Uint32Array,
        cancellation: Option<&Cancellation>,
    ) -> AsyncTask<Job<CutChunks>> {
        let chunker = self.chunker.clone();
        let cancel = Cancellation::shared(cancellation);
        job(move || {
            let lengths: Vec<usize> = lengths.iter().map(|length| *length as usize).collect();
            flatten(&chunker.cut_files(&bytes, &lengths, &cancel)?)
        })
    }

    #[napi]
    pub fn cut_stream(
        &self,
        bytes: Uint8Array,
        is_last: bool,
        cancellation: Option<&Cancellation>,
    ) -> AsyncTask<Job<CutChunks>> {
        let chunker = self.chunker.clone();
        let cancel = Cancellation::shared(cancellation);
        job(move || flatten(&[chunker.cut_stream(&bytes, is_last, &cancel)?]))
    }
}

fn flatten(files: &[Vec<chunk::Chunk>]) -> core::result::Result<CutChunks, Error> {
    let mut counts = Vec::with_capacity(files.len());
    let mut ranges = Vec::new();
    let mut ids = Vec::new();
    let narrow = |number: usize| {
        u32::try_from(number).map_err(|_| Error::Argument("one call takes less than 4 GiB"))
    };
    for chunks in files {
        counts.push(narrow(chunks.len())?);
        for chunk in chunks {
            ranges.extend([narrow(chunk.offset)?, narrow(chunk.length)?]);
            ids.extend_from_slice(&chunk.id);
        }
    }
    Ok(CutChunks { counts: counts.into(), ranges: ranges.into(), ids: ids.into() })
}
