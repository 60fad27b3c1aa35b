use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use super::{Answer, Call, Event, What, micros};

/// Where one process writes its history. Each line is one write, so that a kill loses no more than
/// the line that was being written.
#[derive(Debug)]
pub(crate) struct HistoryFile {
    file: File,
    last: u64,
}

const ENDING: &str = "history";

impl HistoryFile {
    pub(crate) fn create(folder: &Path, process: &str) -> io::Result<Self> {
        let path = folder.join(process).with_extension(ENDING);
        let file = OpenOptions::new().create_new(true).append(true).open(path)?;
        Ok(Self { file, last: 0 })
    }

    /// The number of the call, which is to be sent after this has returned.
    pub(crate) fn asked(&mut self, call: Call) -> io::Result<u64> {
        self.last += 1;
        self.write(self.last, What::Asked(call))?;
        Ok(self.last)
    }

    pub(crate) fn answered(&mut self, number: u64, answer: Answer) -> io::Result<()> {
        self.write(number, What::Answered(answer))
    }

    pub(crate) fn unknown(&mut self, number: u64, why: String) -> io::Result<()> {
        self.write(number, What::Unknown(why))
    }

    fn write(&mut self, number: u64, what: What) -> io::Result<()> {
        let event = Event { at: micros(), number, what };
        self.file.write_all(line(&event)?.as_bytes())
    }
}

/// As JSON, with its end.
pub(super) fn line(what: &impl serde::Serialize) -> io::Result<String> {
    let mut line = serde_json::to_string(what)?;
    line.push('\n');
    Ok(line)
}

/// The histories of all processes that have written into this folder, by their names.
pub(crate) fn read_all(folder: &Path) -> io::Result<BTreeMap<String, Vec<Event>>> {
    let mut histories = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == ENDING) {
            let process = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            histories.insert(process, read_lines(&path)?);
        }
    }
    Ok(histories)
}

/// All whole lines. What follows the last end of line was being written when its writer was killed.
pub(super) fn read_lines<T: serde::de::DeserializeOwned>(path: &Path) -> io::Result<Vec<T>> {
    let text = fs::read_to_string(path)?;
    let whole = text.rsplit_once('\n').map_or("", |(whole, _torn)| whole);
    Ok(whole.lines().map(serde_json::from_str).collect::<Result<_, _>>()?)
}
