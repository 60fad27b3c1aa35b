//! Where in the input something is: as an offset, as line and column, as a JSON Pointer.

use std::borrow::Cow;

use super::context::Step;

/// The longest pointer. Where a name makes it longer, it ends before that name.
const LONGEST_POINTER: usize = 1024;
/// So many containers in one another are told apart: one more than `serde_json` reads. Input that
/// was not read yet can have as many as it has bytes, and each kept would take forty.
const DEEPEST: usize = 128;

/// The offset of a line and a column as `serde_json` counts them: a line from 1, and in it the
/// bytes that were read.
pub(super) fn offset(input: &[u8], line: usize, column: usize) -> usize {
    let lines_before = line.saturating_sub(1);
    let start: usize =
        input.split_inclusive(|byte| *byte == b'\n').take(lines_before).map(<[u8]>::len).sum();
    start.saturating_add(column).min(input.len())
}

/// The inverse of [`offset`].
pub(super) fn line_and_column(input: &[u8], offset: usize) -> (usize, usize) {
    let read = input.get(..offset).unwrap_or(input);
    let mut lines = read.rsplit(|byte| *byte == b'\n');
    let column = lines.next().map_or(0, <[u8]>::len);
    (1 + lines.count(), column)
}

/// The JSON Pointer (RFC 6901) of what these steps lead to.
///
/// An index is in its step. The name of a member is the one that was read last in its object
/// before the offset.
pub(super) fn pointer(input: &[u8], offset: usize, steps: &[Step]) -> String {
    let names = Names::before(input, offset);
    let mut pointer = String::new();
    for depth in 0..=steps.len() {
        let token = match steps.get(depth) {
            Some(Step::Element(index)) => Some(Cow::Owned(index.to_string())),
            Some(Step::Member) => names.at(depth),
            // What is wrong may be the name itself, which no value followed yet.
            None => names.without_value(depth),
        };
        let Some(token) = token.map(escaped) else { break };
        if pointer.len() + 1 + token.len() > LONGEST_POINTER {
            break;
        }
        pointer.push('/');
        pointer.push_str(&token);
    }
    pointer
}

/// The JSON Pointer of the innermost value that is being read at the offset.
pub(super) fn innermost(input: &[u8], offset: usize) -> String {
    let names = Names::before(input, offset);
    let steps: Vec<Step> = names.frames.iter().take(names.open).map(Frame::step).collect();
    pointer(input, offset, &steps)
}

fn escaped(name: Cow<'_, str>) -> Cow<'_, str> {
    if name.contains(['~', '/']) {
        return Cow::Owned(name.replace('~', "~0").replace('/', "~1"));
    }
    name
}

/// For each container the name that was read last in it. Containers that are closed are still
/// there, until another follows in their place.
struct Names<'a> {
    input: &'a [u8],
    at: usize,
    /// The outermost [`DEEPEST`] of them.
    frames: Vec<Frame<'a>>,
    open: usize,
}

#[derive(Clone, Copy, Default)]
struct Frame<'a> {
    array: bool,
    /// How many elements or members were read to their end.
    index: usize,
    /// The name with its quotes, as it is written.
    name: Option<&'a [u8]>,
    colon: bool,
}

impl Frame<'_> {
    fn step(&self) -> Step {
        if self.array { Step::Element(self.index) } else { Step::Member }
    }

    fn comma(&mut self) {
        *self = Self { array: self.array, index: self.index + 1, name: None, colon: false };
    }
}

impl<'a> Names<'a> {
    /// Of what begins before the offset: a name in the midst of which it is counts.
    fn before(input: &'a [u8], offset: usize) -> Self {
        let mut names = Self { input, at: 0, frames: Vec::new(), open: 0 };
        while names.at < offset {
            let Some(byte) = input.get(names.at) else { break };
            names.token(*byte);
        }
        names
    }

    fn at(&self, depth: usize) -> Option<Cow<'a, str>> {
        let name = self.frames.get(depth)?.name?;
        serde_json::from_slice(name).map(Cow::Owned).ok()
    }

    fn without_value(&self, depth: usize) -> Option<Cow<'a, str>> {
        let innermost = depth + 1 == self.open && !self.frames.get(depth)?.colon;
        if innermost { self.at(depth) } else { None }
    }

    fn token(&mut self, byte: u8) {
        let start = self.at;
        self.at += 1;
        match byte {
            b'[' | b'{' => self.begin(byte == b'['),
            b']' | b'}' => self.open = self.open.saturating_sub(1),
            b',' => self.set(Frame::comma),
            b':' => self.set(|frame| frame.colon = true),
            b'"' => {
                let whole = self.skip_string();
                let text = self.input.get(start..self.at).filter(|_| whole);
                self.set(|frame| {
                    if !frame.array && !frame.colon {
                        frame.name = text;
                    }
                });
            }
            _ => {}
        }
    }

    fn begin(&mut self, array: bool) {
        if self.open < DEEPEST {
            self.frames.truncate(self.open);
            self.frames.push(Frame { array, ..Frame::default() });
        }
        self.open += 1;
    }

    /// Changes the innermost container, and forgets those that were in it.
    fn set(&mut self, change: impl FnOnce(&mut Frame<'a>)) {
        self.frames.truncate(self.open);
        if let Some(frame) = self.frames.get_mut(self.open.wrapping_sub(1)) {
            change(frame);
        }
    }

    /// Whether the string ended.
    fn skip_string(&mut self) -> bool {
        while let Some(byte) = self.input.get(self.at) {
            self.at += if *byte == b'\\' { 2 } else { 1 };
            if *byte == b'"' {
                return true;
            }
        }
        false
    }
}
