use std::{error::Error, fmt, io, path::Path};

/// Why a server could not be started, stopped or used.
///
/// `Debug` prints the same text as `Display`: a test unwraps this, and the reader wants the
/// sentence.
pub struct ServerError {
    message: String,
}

impl ServerError {
    pub(super) fn new(message: impl Into<String>) -> Self {
        let message = message.into();
        Self { message }
    }

    /// Puts what was being done before what went wrong.
    pub(super) fn io(doing: impl fmt::Display, error: &io::Error) -> Self {
        Self::new(format!("{doing}: {error}"))
    }

    pub(super) fn missing(program: &str, debian: &str, brew: &str) -> Self {
        Self::new(format!(
            "{program} is not installed: run `apt-get install {debian}`, or on macOS \
             `brew install {brew}`"
        ))
    }

    pub(super) fn not_ours(variable: &str) -> Self {
        Self::new(format!(
            "the server that {variable} names is not ours to stop; a test that stops its server \
             takes a private one"
        ))
    }

    /// A server that did not come up: its own last words are the explanation.
    pub(super) fn with_log(what: impl fmt::Display, log: &Path) -> Self {
        const LAST_LINES: usize = 20;
        let text = std::fs::read(log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let skipped = text.lines().count().saturating_sub(LAST_LINES);
        let lines: Vec<&str> = text.lines().skip(skipped).collect();
        Self::new(format!("{what}; its log ends:\n{}", lines.join("\n")))
    }

    /// Whether the server gave up because something else still held its port or its memory.
    ///
    /// Servers run in the C locale, so these are the words.
    pub(super) fn is_busy(&self) -> bool {
        self.message.contains("Address already in use") || self.message.contains("is still in use")
    }
}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Debug for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Error for ServerError {}
