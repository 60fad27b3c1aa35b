use std::io;
use std::time::Duration;

use mainstay_idempotency::{StoreError, StoreErrorKind};
use tokio::time::timeout;

use super::dice::Dice;
use crate::history::{Answer, Call, HistoryFile};

/// Asks, and writes down what was asked and answered.
pub(super) struct Recorder {
    history: HistoryFile,
}

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_millis(1500);

impl Recorder {
    pub(super) fn new(history: HistoryFile) -> Self {
        Self { history }
    }

    /// `None` if no answer came, or was not waited for.
    pub(super) async fn ask(
        &mut self,
        dice: &mut Dice,
        call: Call,
        asking: impl Future<Output = Result<Answer, StoreError>>,
    ) -> io::Result<Option<Answer>> {
        let patience = if dice.in_hundred(4) { dice.millis(0, 20) } else { PATIENCE };
        let number = self.history.asked(call)?;
        let answer = match timeout(patience, asking).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) if error.kind() == StoreErrorKind::Unavailable => {
                self.history.unknown(number, told(&error))?;
                return Ok(None);
            }
            Ok(Err(_)) => Answer::Broken,
            Err(_) => {
                self.history.unknown(number, "not waited for".to_owned())?;
                return Ok(None);
            }
        };
        self.history.answered(number, answer.clone())?;
        Ok(Some(answer))
    }
}

/// The error with its causes, for who reads the history.
fn told(error: &StoreError) -> String {
    let mut told = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        told = format!("{told}: {error}");
        cause = error.source();
    }
    told
}
