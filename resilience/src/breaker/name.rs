use std::fmt;
use std::sync::Arc;

/// What a breaker is called, in rejections, events and logs. A clone allocates nothing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Name(Kind);

/// A name that is known when the program is compiled needs no count of its users.
#[derive(Clone, Debug, Eq)]
enum Kind {
    Static(&'static str),
    // A thin pointer, so that a name is two words and a rejection four.
    Shared(Arc<Box<str>>),
}

impl Name {
    /// The name.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl Kind {
    fn as_str(&self) -> &str {
        match self {
            Self::Static(name) => name,
            Self::Shared(name) => name,
        }
    }
}

impl PartialEq for Kind {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl std::hash::Hash for Kind {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl From<&'static str> for Name {
    fn from(name: &'static str) -> Self {
        Self(Kind::Static(name))
    }
}

impl From<String> for Name {
    fn from(name: String) -> Self {
        Self(Kind::Shared(Arc::new(name.into())))
    }
}

/// Its text is copied.
impl From<Arc<str>> for Name {
    fn from(name: Arc<str>) -> Self {
        Self(Kind::Shared(Arc::new((&*name).into())))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
