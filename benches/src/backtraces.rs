use std::env;
use std::process::{self, Command};

/// What makes errors capture backtraces, which takes a hundred times what is measured.
const VARIABLES: [&str; 2] = ["RUST_BACKTRACE", "RUST_LIB_BACKTRACE"];

/// Goes on in a copy of this program if the environment asks for backtraces: no variable can be
/// removed from a running one without unsafe code. gungraun clears the environment by itself.
pub(crate) fn run_without() {
    if VARIABLES.iter().all(|variable| env::var_os(variable).is_none()) {
        return;
    }
    let program = env::current_exe().expect("a program knows its file");
    let mut copy = Command::new(program);
    copy.args(env::args_os().skip(1));
    for variable in VARIABLES {
        copy.env_remove(variable);
    }
    let status = copy.status().expect("the same program starts again");
    process::exit(status.code().unwrap_or(1));
}
