//! The corpora of fuzz targets as plain tests.

use std::fs;
use std::panic::catch_unwind;
use std::path::Path;

/// Tries every file of `tests/corpus/FOLDER` of the crate in this folder, of which there have to be
/// more than thirty, and panics with the names of those that break the law.
pub fn each(of_crate: &str, folder: &str, law: fn(&[u8])) {
    let folder = Path::new(of_crate).join("tests/corpus").join(folder);
    let files = fs::read_dir(&folder).expect("a corpus");
    let inputs: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
    assert!(inputs.len() > 30, "{} inputs in {}", inputs.len(), folder.display());
    let breaks = |input: &[u8]| catch_unwind(|| law(input)).is_err();
    let broken: Vec<_> =
        inputs.iter().filter(|path| breaks(&fs::read(path).expect("an input"))).collect();
    assert!(broken.is_empty(), "broken by {broken:#?}");
}
