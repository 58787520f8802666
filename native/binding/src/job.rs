//! Work on Node's thread pool, as a promise.

use std::panic::{AssertUnwindSafe, catch_unwind};

use floe_core::error::Error;
use napi::bindgen_prelude::{AsyncTask, ToNapiValue, TypeName};
use napi::{Env, Result, Task};

use crate::to_napi;

/// A closure that runs once on the pool. What it captured is dropped on Node's own thread, where
/// references to JavaScript memory must be given back.
pub struct Job<T>(Box<dyn FnMut() -> core::result::Result<T, Error> + Send>);

/// A promise of what `work` returns.
pub fn job<T>(
    work: impl FnMut() -> core::result::Result<T, Error> + Send + 'static,
) -> AsyncTask<Job<T>>
where
    T: Send + ToNapiValue + TypeName + 'static,
{
    AsyncTask::new(Job(Box::new(work)))
}

impl<T: Send + ToNapiValue + TypeName + 'static> Task for Job<T> {
    type Output = T;
    type JsValue = T;

    fn compute(&mut self) -> Result<T> {
        // After a panic the closure is only dropped, never called again.
        catch_unwind(AssertUnwindSafe(|| (self.0)()))
            .unwrap_or(Err(Error::Internal("the native code panicked")))
            .map_err(|error| to_napi(&error))
    }

    fn resolve(&mut self, _env: Env, output: T) -> Result<T> {
        Ok(output)
    }
}
