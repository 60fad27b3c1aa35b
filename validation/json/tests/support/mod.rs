//! Documents as a tree that may hold a name twice, and what the slow model says of them.

#![allow(dead_code, reason = "each test uses its part")]

use std::fmt::Write;

use mainstay_json::Limits;
use proptest::collection::vec;
use proptest::prelude::*;

#[derive(Clone, Debug)]
pub(crate) enum Doc {
    /// `null`, a boolean or a number, as it is written.
    Word(&'static str),
    Text(String),
    Array(Vec<Doc>),
    Object(Vec<(String, Doc)>),
}

pub(crate) fn docs() -> impl Strategy<Value = Doc> {
    let word = proptest::sample::select(vec![
        "null",
        "true",
        "false",
        "0",
        "-0",
        "7",
        "-1.5e3",
        "1e-400",
        "18446744073709551615",
    ]);
    let leaf = prop_oneof![word.prop_map(Doc::Word), texts().prop_map(Doc::Text)];
    leaf.prop_recursive(6, 40, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Doc::Array),
            vec((names(), inner), 0..6).prop_map(Doc::Object),
        ]
    })
}

/// Few and short, so that they meet.
fn names() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[a-e~/]{0,2}",
        1 => texts(),
    ]
}

fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[a-z \"\\\\\n]{0,6}",
        1 => "\\PC{0,6}",
        1 => any::<String>().prop_map(|text| text.chars().take(4).collect()),
    ]
}

/// How a document is written: bytes that are used up, one a choice.
#[derive(Clone, Debug)]
pub(crate) struct Style(Vec<u8>, usize);

pub(crate) fn styles() -> impl Strategy<Value = Style> {
    vec(any::<u8>(), 1..40).prop_map(|bytes| Style(bytes, 0))
}

impl Style {
    fn choose(&mut self, of: u8) -> u8 {
        self.1 = (self.1 + 1) % self.0.len();
        self.0[self.1] % of
    }

    fn space(&mut self, out: &mut String) {
        let spaces = ["", "", "", "", " ", "\n", "\t \r\n"];
        out.push_str(spaces[usize::from(self.choose(7))]);
    }

    fn text(&mut self, text: &str, out: &mut String) {
        out.push('"');
        for letter in text.chars() {
            let must = matches!(letter, '"' | '\\' | '\0'..='\x1f');
            if must || self.choose(8) == 0 {
                let mut units = [0; 2];
                for unit in letter.encode_utf16(&mut units) {
                    write!(out, "\\u{unit:04x}").unwrap();
                }
            } else {
                out.push(letter);
            }
        }
        out.push('"');
    }
}

impl Doc {
    pub(crate) fn written(&self, style: &Style) -> String {
        let (mut style, mut out) = (style.clone(), String::new());
        style.space(&mut out);
        self.write(&mut style, &mut out);
        style.space(&mut out);
        out
    }

    fn write(&self, style: &mut Style, out: &mut String) {
        match self {
            Self::Word(word) => out.push_str(word),
            Self::Text(text) => style.text(text, out),
            Self::Array(elements) => {
                out.push('[');
                for (at, element) in elements.iter().enumerate() {
                    separate(at, style, out);
                    element.write(style, out);
                    style.space(out);
                }
                style.space(out);
                out.push(']');
            }
            Self::Object(members) => {
                out.push('{');
                for (at, (name, value)) in members.iter().enumerate() {
                    separate(at, style, out);
                    style.text(name, out);
                    style.space(out);
                    out.push(':');
                    style.space(out);
                    value.write(style, out);
                    style.space(out);
                }
                style.space(out);
                out.push('}');
            }
        }
    }

    fn children(&self) -> Vec<&Doc> {
        match self {
            Self::Word(_) | Self::Text(_) => Vec::new(),
            Self::Array(elements) => elements.iter().collect(),
            Self::Object(members) => members.iter().map(|(_, value)| value).collect(),
        }
    }

    /// The largest number that a node of the document has by this measure.
    fn most(&self, measure: &dyn Fn(&Doc) -> usize) -> usize {
        let inner = self.children().into_iter().map(|child| child.most(measure)).max();
        measure(self).max(inner.unwrap_or(0))
    }

    pub(crate) fn depth(&self) -> usize {
        let container = matches!(self, Self::Array(_) | Self::Object(_));
        let inner = self.children().into_iter().map(Doc::depth).max();
        usize::from(container) + inner.unwrap_or(0)
    }

    pub(crate) fn longest_string(&self) -> usize {
        self.most(&|doc| match doc {
            Doc::Text(text) => text.len(),
            Doc::Object(members) => members.iter().map(|(name, _)| name.len()).max().unwrap_or(0),
            _ => 0,
        })
    }

    pub(crate) fn longest_array(&self) -> usize {
        self.most(&|doc| if let Doc::Array(elements) = doc { elements.len() } else { 0 })
    }

    pub(crate) fn most_members(&self) -> usize {
        self.most(&|doc| if let Doc::Object(members) = doc { members.len() } else { 0 })
    }

    pub(crate) fn has_duplicates(&self) -> bool {
        let twice = |doc: &Doc| {
            let Doc::Object(members) = doc else { return 0 };
            let mut names: Vec<_> = members.iter().map(|(name, _)| name).collect();
            names.sort();
            names.windows(2).filter(|pair| pair[0] == pair[1]).count()
        };
        self.most(&twice) > 0
    }

    /// The same without the names that come again.
    pub(crate) fn deduplicated(self) -> Self {
        match self {
            Self::Array(elements) => {
                Self::Array(elements.into_iter().map(Doc::deduplicated).collect())
            }
            Self::Object(members) => {
                let mut kept: Vec<(String, Doc)> = Vec::new();
                for (name, value) in members {
                    if kept.iter().all(|(other, _)| *other != name) {
                        kept.push((name, value.deduplicated()));
                    }
                }
                Self::Object(kept)
            }
            leaf => leaf,
        }
    }

    /// What the limits say, by the book.
    pub(crate) fn is_within(&self, wanted: &Wanted) -> bool {
        self.depth() <= usize::from(wanted.depth)
            && self.longest_string() <= wanted.string
            && self.longest_array() <= wanted.array
            && self.most_members() <= wanted.members
            && !self.has_duplicates()
    }

    /// Whether a pointer leads to a value of the document. Where a name comes twice, to any.
    pub(crate) fn resolves(&self, pointer: &str) -> bool {
        let Some(rest) = pointer.strip_prefix('/') else { return pointer.is_empty() };
        let (token, rest) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
        match self {
            Self::Word(_) | Self::Text(_) => false,
            Self::Array(elements) => {
                let at = token.parse::<usize>().ok();
                at.and_then(|at| elements.get(at)).is_some_and(|it| it.resolves(rest))
            }
            Self::Object(members) => {
                let name = token.replace("~1", "/").replace("~0", "~");
                members.iter().any(|(other, value)| *other == name && value.resolves(rest))
            }
        }
    }
}

fn separate(at: usize, style: &mut Style, out: &mut String) {
    if at > 0 {
        out.push(',');
    }
    style.space(out);
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    pub(crate) depth: u8,
    pub(crate) string: usize,
    pub(crate) array: usize,
    pub(crate) members: usize,
}

impl Wanted {
    pub(crate) fn limits(self) -> Limits {
        Limits::new().depth(self.depth).string(self.string).array(self.array).members(self.members)
    }
}

/// Limits of which some bite.
pub(crate) fn wanted() -> impl Strategy<Value = Wanted> {
    (0_u8..8, 0_usize..12, 0_usize..8, 0_usize..8, any::<[bool; 4]>()).prop_map(
        |(depth, string, array, members, bites)| Wanted {
            depth: if bites[0] { depth } else { 127 },
            string: if bites[1] { string } else { usize::MAX },
            array: if bites[2] { array } else { usize::MAX },
            members: if bites[3] { members } else { usize::MAX },
        },
    )
}
