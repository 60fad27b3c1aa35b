//! What holds of every input that is decoded: the fuzz target looks for one that breaks it, and
//! `tests/corpus.rs` tries those that are worth keeping.

use std::collections::BTreeMap;
use std::fmt;

use mainstay_json::{DecodeError, ErrorKind, Limits, from_slice};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

/// A name that is refused whatever its value: see `Every` in `src/decode/names.rs`.
const RAW: &str = "$serde_json::private::RawValue";

/// Limits at which small inputs bite.
const DEPTH: u8 = 3;
const STRING: usize = 6;
const ARRAY: usize = 3;
const MEMBERS: usize = 3;

pub(crate) fn decode(input: &[u8]) {
    let tree = serde_json::from_slice::<Tree>(input).ok();
    as_serde_json_does(input, tree.as_ref());
    let limits = Limits::new().depth(DEPTH).string(STRING).array(ARRAY).members(MEMBERS);
    as_the_model_does(input, tree.as_ref(), &limits);
    for limits in [Limits::new(), limits] {
        all_ways_agree(input, &limits);
        if let Err(error) = from_slice::<Typed<'_>>(input, &limits) {
            placed(input, tree.as_ref(), &error);
        }
    }
}

/// The same value, or a reason of our own.
fn as_serde_json_does(input: &[u8], tree: Option<&Tree>) {
    let theirs = serde_json::from_slice::<Value>(input);
    match (from_slice::<Value>(input, &Limits::new()), theirs) {
        (Ok(ours), theirs) => assert_eq!(ours, theirs.expect("they refuse it")),
        (Err(error), Ok(_)) => {
            placed(input, tree, &error);
            let tree = tree.expect("a value is a tree");
            let reason = match error.kind() {
                ErrorKind::DuplicateKey => tree.has_duplicates(),
                ErrorKind::ArrayTooLong => tree.longest_array() > 100_000,
                ErrorKind::TooManyMembers => tree.most_members() > 10_000,
                ErrorKind::Data => tree.has_raw_name(),
                _ => false,
            };
            assert!(reason, "{error}");
        }
        (Err(error), Err(_)) => placed(input, tree, &error),
    }
}

fn as_the_model_does(input: &[u8], tree: Option<&Tree>, limits: &Limits) {
    let within = tree.is_some_and(|tree| {
        tree.depth() <= usize::from(DEPTH)
            && tree.longest_string() <= STRING
            && tree.longest_array() <= ARRAY
            && tree.most_members() <= MEMBERS
            && !tree.has_duplicates()
            && !tree.has_raw_name()
    });
    let read = from_slice::<Value>(input, limits);
    assert_eq!(read.is_ok(), within, "{:?}", read.err());
}

fn all_ways_agree(input: &[u8], limits: &Limits) {
    let by_value = from_slice::<Value>(input, limits).map(drop).map_err(|error| error.kind());
    let ignored = from_slice::<IgnoredAny>(input, limits).map(drop);
    assert_eq!(ignored.map_err(|error| error.kind()), by_value);
    // What is skipped first is found to be malformed before a limit is.
    let raw = from_slice::<&RawValue>(input, limits);
    assert_eq!(raw.is_ok(), by_value.is_ok());
}

/// The place is in the input, and the pointer leads to something if the input is JSON. It leads to
/// a container that is open where reading stopped, or to something that ended or began there: no
/// pointer of another part of the input resolves by chance.
fn placed(input: &[u8], tree: Option<&Tree>, error: &DecodeError) {
    let lines: Vec<&[u8]> = input.split(|byte| *byte == b'\n').collect();
    let line = error.line().checked_sub(1).and_then(|line| lines.get(line));
    assert!(line.is_some_and(|line| error.column() <= line.len()), "{error}");
    assert!(error.pointer().len() <= 1024);
    if let Some(tree) = tree {
        assert!(tree.resolves(error.pointer()), "{error}");
        let before: usize = lines.iter().take(error.line() - 1).map(|line| line.len() + 1).sum();
        let way = way_to(input, before + error.column());
        assert!(is_way(&way, error.pointer()), "{error}: {way:?}");
    }
}

/// The names and indices of what is being read at the offset or was last read there, outer ones
/// first: how far the pointer goes is the type's affair, but not where.
fn way_to(input: &[u8], offset: usize) -> Vec<String> {
    let mut open: Vec<(bool, usize, String)> = Vec::new();
    let mut closed: Vec<(bool, usize, String)> = Vec::new();
    let mut at = 0;
    while at < offset.min(input.len()) {
        let start = at;
        at += 1;
        match input[start] {
            byte @ (b'[' | b'{') => {
                closed.clear();
                open.push((byte == b'[', 0, String::new()));
            }
            b']' | b'}' => closed.insert(0, open.pop().expect("it is JSON")),
            b',' => {
                closed.clear();
                let inner = open.last_mut().expect("it is JSON");
                inner.1 += 1;
            }
            b'"' => {
                let mut values = serde_json::Deserializer::from_slice(&input[start..]).into_iter();
                let text: String = values.next().expect("it is a string").expect("it is JSON");
                at = start + values.byte_offset();
                let name = input[at..].trim_ascii_start().starts_with(b":");
                if name && let Some(inner) = open.last_mut() {
                    closed.clear();
                    inner.2 = text;
                }
            }
            _ => {}
        }
    }
    let token = |(array, index, name): (bool, usize, String)| {
        if array { index.to_string() } else { name.replace('~', "~0").replace('/', "~1") }
    };
    open.into_iter().chain(closed).map(token).collect()
}

/// Whether the pointer is a beginning of the way.
fn is_way(way: &[String], pointer: &str) -> bool {
    let mut rest = pointer;
    for token in way {
        if rest.is_empty() {
            return true;
        }
        let after = rest.strip_prefix('/').and_then(|rest| rest.strip_prefix(token.as_str()));
        let Some(after) = after.filter(|rest| rest.is_empty() || rest.starts_with('/')) else {
            return false;
        };
        rest = after;
    }
    rest.is_empty()
}

/// One of each way in which a type reads.
#[derive(serde::Deserialize)]
#[allow(dead_code)]
struct Typed<'a> {
    #[serde(borrow)]
    a: Option<&'a RawValue>,
    #[serde(default)]
    b: Vec<(u8, bool)>,
    #[serde(default)]
    c: BTreeMap<String, f64>,
    #[serde(default)]
    d: BTreeMap<i32, Option<char>>,
    e: Option<Choice>,
    f: Option<Tagged>,
    g: Option<Either>,
    h: Option<Strict>,
    i: Option<Box<Flat>>,
    #[serde(default)]
    j: std::borrow::Cow<'a, str>,
}

#[derive(serde::Deserialize)]
#[allow(dead_code)]
enum Choice {
    A,
    B(u8),
    C(u8, u8),
    D { a: u8 },
}

#[derive(serde::Deserialize)]
#[serde(tag = "a")]
#[allow(dead_code)]
enum Tagged {
    A { b: u8 },
}

#[derive(serde::Deserialize)]
#[serde(untagged)]
#[allow(dead_code)]
enum Either {
    A(u8),
    B { b: String },
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)]
struct Strict {
    a: i128,
}

#[derive(serde::Deserialize)]
#[allow(dead_code)]
struct Flat {
    a: u8,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

/// A document with all of its members, those of the same name too.
enum Tree {
    Leaf,
    Text(String),
    Array(Vec<Tree>),
    Object(Vec<(String, Tree)>),
}

impl Tree {
    fn children(&self) -> Vec<&Tree> {
        match self {
            Self::Leaf | Self::Text(_) => Vec::new(),
            Self::Array(elements) => elements.iter().collect(),
            Self::Object(members) => members.iter().map(|(_, value)| value).collect(),
        }
    }

    fn names(&self) -> Vec<&str> {
        let Self::Object(members) = self else { return Vec::new() };
        members.iter().map(|(name, _)| name.as_str()).collect()
    }

    fn most(&self, measure: &dyn Fn(&Tree) -> usize) -> usize {
        let inner = self.children().into_iter().map(|child| child.most(measure)).max();
        measure(self).max(inner.unwrap_or(0))
    }

    fn depth(&self) -> usize {
        let inner = self.children().into_iter().map(Tree::depth).max();
        usize::from(matches!(self, Self::Array(_) | Self::Object(_))) + inner.unwrap_or(0)
    }

    fn longest_string(&self) -> usize {
        self.most(&|tree| match tree {
            Tree::Text(text) => text.len(),
            other => other.names().into_iter().map(str::len).max().unwrap_or(0),
        })
    }

    fn longest_array(&self) -> usize {
        self.most(&|tree| if let Tree::Array(elements) = tree { elements.len() } else { 0 })
    }

    fn most_members(&self) -> usize {
        self.most(&|tree| tree.names().len())
    }

    fn has_duplicates(&self) -> bool {
        let twice = |tree: &Tree| {
            let mut names = tree.names();
            names.sort_unstable();
            usize::from(names.windows(2).any(|pair| pair[0] == pair[1]))
        };
        self.most(&twice) > 0
    }

    fn has_raw_name(&self) -> bool {
        self.most(&|tree| usize::from(tree.names().contains(&RAW))) > 0
    }

    fn resolves(&self, pointer: &str) -> bool {
        let Some(rest) = pointer.strip_prefix('/') else { return pointer.is_empty() };
        let (token, rest) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
        match self {
            Self::Leaf | Self::Text(_) => false,
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

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Planter)
    }
}

struct Planter;

impl<'de> Visitor<'de> for Planter {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Leaf)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Tree, E> {
        Ok(Tree::Leaf)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Tree, E> {
        Ok(Tree::Leaf)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Tree, E> {
        Ok(Tree::Leaf)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Tree, E> {
        Ok(Tree::Leaf)
    }

    fn visit_str<E>(self, text: &str) -> Result<Tree, E> {
        Ok(Tree::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Tree, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = seq.next_element()? {
            elements.push(element);
        }
        Ok(Tree::Array(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tree, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Tree::Object(members))
    }
}
