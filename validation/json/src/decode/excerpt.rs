use std::error::Error;
use std::fmt::{self, Write};

/// So much is kept of what an error has to say: it may quote all of the input.
const MOST: usize = 1024;

/// The beginning of an error's text.
#[derive(Debug)]
pub(super) struct Excerpt {
    text: String,
    whole: bool,
}

impl Excerpt {
    pub(super) fn of(error: &serde_json::Error) -> Self {
        let mut excerpt = Self { text: String::new(), whole: true };
        // It fails where the text is too long, and so ends.
        let _ = write!(excerpt, "{error}");
        excerpt
    }

    /// The error if it is short, and else its excerpt.
    pub(super) fn bounded(error: serde_json::Error) -> Box<dyn Error + Send + Sync> {
        let excerpt = Self::of(&error);
        if excerpt.whole { error.into() } else { Box::new(excerpt) }
    }

    pub(super) fn is_cut(&self) -> bool {
        !self.whole
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }
}

impl Write for Excerpt {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = MOST.saturating_sub(self.text.len());
        let fits = (0..=room).rev().find_map(|end| text.get(..end)).unwrap_or_default();
        let all = text.len() <= room;
        self.text.push_str(if all { text } else { fits });
        self.whole &= all;
        if all { Ok(()) } else { Err(fmt::Error) }
    }
}

impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}…", self.text)
    }
}

impl Error for Excerpt {}

#[cfg(test)]
mod tests {
    use serde::de::Error as _;

    use super::*;

    #[test]
    fn a_short_error_is_kept_and_a_long_one_ends_between_letters() {
        let short = Excerpt::bounded(serde_json::Error::custom("é".repeat(512)));
        assert!(short.is::<serde_json::Error>());
        let long = Excerpt::bounded(serde_json::Error::custom(format!("x{}", "é".repeat(512))));
        assert_eq!(long.to_string(), format!("x{}…", "é".repeat(511)));
    }
}
