//! What the two programs have in common as processes: flags, the end, and how it is told.

use std::error::Error;
use std::fmt::Display;
use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::Parser;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// What a process that cannot start exits with.
const CANNOT_START: u8 = 2;

/// Reads flags and environment. `Err` is how to exit: of `--help`, or of a bad flag.
pub fn parse<C: Parser>() -> Result<C, ExitCode> {
    C::try_parse().map_err(|mut error| match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            let _ = error.print();
            ExitCode::SUCCESS
        }
        _ => {
            hide_secrets(&mut error);
            cannot_start(&first_paragraph(&error.to_string()))
        }
    })
}

/// A URL that is refused is shown, but for the user and the password in it.
fn hide_secrets(error: &mut clap::Error) {
    let Some(ContextValue::String(value)) = error.get(ContextKind::InvalidValue) else { return };
    if let Some((scheme, rest)) = value.split_once("://")
        && let Some((_, host)) = rest.rsplit_once('@')
    {
        let shown = ContextValue::String(format!("{scheme}://***@{host}"));
        error.insert(ContextKind::InvalidValue, shown);
    }
}

/// Says in one line why the process cannot start.
pub fn cannot_start(why: &dyn Display) -> ExitCode {
    let line = why.to_string().replace(['\n', '\r'], " ");
    let _ = writeln!(io::stderr(), "error: {line}");
    ExitCode::from(CANNOT_START)
}

/// An error with its causes, in one line. A cause that the text before it ends with already is not
/// repeated: many errors print theirs.
pub fn with_causes(error: &(dyn Error + 'static)) -> String {
    let mut line = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let text = cause.to_string();
        if !line.ends_with(&text) {
            line.push_str(": ");
            line.push_str(&text);
        }
        next = cause.source();
    }
    line
}

/// Says on stdout where the process listens: the line that whoever started it waits for.
pub fn say_listening(addresses: &dyn Display) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "listening {addresses}")?;
    stdout.flush()
}

/// The ways in which a process is asked to end: SIGINT and SIGTERM.
#[derive(Debug)]
pub struct StopSignals {
    interrupt: Signal,
    terminate: Signal,
}

impl StopSignals {
    /// Takes the signals over. From here on they no longer end the process by themselves.
    pub fn listen() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Waits for one of them.
    pub async fn received(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// clap explains a bad flag over several lines; the first paragraph is the explanation.
fn first_paragraph(text: &str) -> String {
    let lines = text.lines().map(str::trim).take_while(|line| !line.is_empty());
    let paragraph = lines.collect::<Vec<_>>().join(" ");
    paragraph.strip_prefix("error: ").unwrap_or(&paragraph).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_flag_is_one_line() {
        let text = "error: invalid value 'x' for '--log <FORMAT>'\n  [possible values: a, b]\n\n\
                    For more information, try '--help'.\n";
        let line = first_paragraph(text);
        assert_eq!(line, "invalid value 'x' for '--log <FORMAT>' [possible values: a, b]");
    }
}
