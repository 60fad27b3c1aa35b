use redis::{Cmd, Script};

/// The scripts behind the calls of a store. Each looks at one key alone, so that any cluster can
/// run it.
#[derive(Debug)]
pub(crate) struct Scripts {
    pub(crate) claim: Source,
    pub(crate) complete: Source,
    pub(crate) release: Source,
    pub(crate) renew: Source,
}

/// A script: its text, and the digest that a server knows it by.
#[derive(Debug)]
pub(crate) struct Source {
    text: String,
    digest: String,
}

/// How a server is told which script to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// By its digest: short, but the server has to know it.
    Digest,
    /// By its text, which the server then knows.
    Text,
}

impl Scripts {
    pub(crate) fn new() -> Self {
        Self {
            claim: Source::new(include_str!("lua/claim.lua")),
            complete: Source::new(include_str!("lua/complete.lua")),
            release: Source::new(include_str!("lua/release.lua")),
            renew: Source::new(include_str!("lua/renew.lua")),
        }
    }
}

impl Source {
    /// All that scripts have in common, and then `body`.
    fn new(body: &str) -> Self {
        Self::of([include_str!("lua/entry.lua"), body].concat())
    }

    fn of(text: String) -> Self {
        let digest = Script::new(&text).get_hash().to_owned();
        Self { text, digest }
    }

    /// The command that runs it on `key`.
    pub(crate) fn command(&self, by: By, key: &[u8], arguments: &[&[u8]]) -> Cmd {
        let (name, script) = match by {
            By::Digest => ("EVALSHA", &self.digest),
            By::Text => ("EVAL", &self.text),
        };
        let sent: usize = arguments.iter().map(|argument| argument.len()).sum();
        let size = name.len() + script.len() + 1 + key.len() + sent;
        let mut command = Cmd::with_capacity(4 + arguments.len(), size);
        command.arg(name).arg(script).arg(1).arg(key);
        for argument in arguments {
            command.arg(argument);
        }
        command
    }
}

#[cfg(test)]
impl Scripts {
    /// The same with other words in the place of `words`, wherever those are.
    pub(crate) fn replacing(&self, words: &str, by: &str) -> Self {
        let replaced = |source: &Source| Source::of(source.text.replace(words, by));
        let scripts = Self {
            claim: replaced(&self.claim),
            complete: replaced(&self.complete),
            release: replaced(&self.release),
            renew: replaced(&self.renew),
        };
        let digests = |scripts: &Self| {
            [&scripts.claim, &scripts.complete, &scripts.release, &scripts.renew]
                .map(|source| source.digest.clone())
        };
        assert_ne!(digests(&scripts), digests(self), "no script has {words:?} in it");
        scripts
    }
}
