//! Guarded transactions whose COMMIT got no answer are run again until it is known what became of them.

use crate::{deadline::Deadline, engine::Core, errors, resolve::passing};
use std::future::Future;
use strongroom_core::{ErrorKind, Result};

/// How often a transaction in doubt is run again even if the caller's time is over: an answer that comes a little late
/// is worth more than "unknown".
const AT_LEAST: u32 = 4;

impl Core {
    /// Runs a transaction; `run` is told whether it may have committed before.
    ///
    /// A plain read instead of the same guarded transaction would not do: the first COMMIT may still be on its way, and
    /// only the transaction's own locks and guards wait for it or shut it out.
    pub(crate) async fn certain<T, F: Future<Output = Result<T>>>(
        &self,
        deadline: &Deadline,
        mut run: impl FnMut(bool) -> F,
    ) -> Result<T> {
        let (mut doubt, mut tries) = (false, 0);
        loop {
            let error = match run(doubt).await {
                Err(error) if passing(&error) => error,
                Err(error) => return Err(if doubt { errors::unknown_outcome() } else { error }),
                done => return done,
            };
            doubt |= error.kind() == ErrorKind::OutcomeUnknown;
            tries += 1;
            let enough = tries >= self.options.call_attempts && (!doubt || tries >= AT_LEAST);
            if enough && (!doubt || deadline.is_over()) {
                return Err(if doubt { errors::unknown_outcome() } else { error });
            }
            let pause = crate::deadline::jittered(&*self.env, self.options.backoff, tries - 1);
            self.env.sleep(pause).await;
        }
    }
}
