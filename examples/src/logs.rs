//! Logs: one line an event, on stderr.

use std::io::{self, IsTerminal as _};
use std::str::FromStr as _;

use clap::ValueEnum;
use tracing_appender::non_blocking::{NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{fmt, registry};

/// How a line of the log looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// One JSON object, for machines.
    Json,
    /// Coloured text, for people.
    Pretty,
}

impl LogFormat {
    /// The format to use when none was asked for: for people if they are watching.
    pub fn or_default(asked: Option<Self>) -> Self {
        let watched = io::stdout().is_terminal();
        asked.unwrap_or(if watched { Self::Pretty } else { Self::Json })
    }
}

/// Starts logging. The lines still queued are written when the guard is dropped.
///
/// Lines go through a bounded queue and are dropped when it is full: whoever reads stderr slowly,
/// or not at all, does not hold up a request.
pub fn init(format: LogFormat) -> WorkerGuard {
    let (writer, guard) = NonBlockingBuilder::default().finish(io::stderr());
    match format {
        LogFormat::Json => install(fmt::layer().json().flatten_event(true).with_writer(writer)),
        LogFormat::Pretty => {
            install(fmt::layer().with_ansi(io::stderr().is_terminal()).with_writer(writer));
        }
    }
    guard
}

fn install<N, E>(lines: fmt::Layer<registry::Registry, N, E, NonBlocking>)
where
    fmt::Layer<registry::Registry, N, E, NonBlocking>:
        tracing_subscriber::Layer<registry::Registry>,
    N: Send + Sync + 'static,
    E: Send + Sync + 'static,
{
    // Fails when there is a subscriber already, as there may be in tests: theirs stays.
    let _ = registry().with(lines.with_filter(wanted())).try_init();
}

/// `RUST_LOG` in the form `target=level,level`; information and worse without it.
fn wanted() -> Targets {
    let asked = std::env::var("RUST_LOG").ok().and_then(|text| Targets::from_str(&text).ok());
    asked.unwrap_or_else(|| Targets::new().with_default(LevelFilter::INFO))
}
