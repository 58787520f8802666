//! Node binding of `floe-core` and `floe-os`.
//!
//! Translates types and moves work to Node's thread pool; decides nothing. A function here is one
//! call into a core: if it needs a decision, the decision belongs to that core or to TypeScript.
//! `native/index.d.ts` describes it to TypeScript by hand and is kept beside every change here.
//!
//! An error's message is `code: sentence`; src-main/engine/codec gives it its type. A panic becomes
//! an error too and never ends the process.

// What crosses to JavaScript is described in native/index.d.ts.
#![allow(missing_docs)]
// Under test nothing registers with Node, so nothing is reached.
#![cfg_attr(test, allow(dead_code))]

mod bls;
mod chunk;
mod hash;
mod job;
mod os;
mod rs2;
mod seal;

use floe_core::cancel::Cancel;
use floe_core::config::Axis;
use floe_core::error::Error;
use napi_derive::napi;

/// A request to stop, shared with a job. An `AbortSignal` is wired to it in TypeScript.
#[napi]
#[derive(Default)]
pub struct Cancellation {
    cancel: Cancel,
}

#[napi]
impl Cancellation {
    #[napi(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    #[napi]
    pub fn cancel(&self) {
        self.cancel.cancel();
    }
}

impl Cancellation {
    fn shared(cancellation: Option<&Self>) -> Cancel {
        cancellation.map(|cancellation| cancellation.cancel.clone()).unwrap_or_default()
    }
}

fn to_napi(error: &Error) -> napi::Error {
    napi::Error::from_reason(format!("{}: {error}", error.code()))
}

/// 0 is primary, 1 is secondary.
fn axis(number: u32) -> Result<Axis, Error> {
    match number {
        0 => Ok(Axis::Primary),
        1 => Ok(Axis::Secondary),
        _ => Err(Error::Argument("an axis is 0 or 1")),
    }
}

/// Bytes of a fixed length.
fn array<const N: usize>(bytes: &[u8], what: &'static str) -> Result<[u8; N], Error> {
    bytes.try_into().map_err(|_| Error::Argument(what))
}
