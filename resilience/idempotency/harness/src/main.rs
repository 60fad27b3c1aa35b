//! Runs one round, or is one of its workers.

use std::env::current_exe;
use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use mainstay_idempotency_harness::{Settings, run, work};

/// Puts an idempotency store under workers that are killed, paused and cut off, and checks what
/// they have seen.
#[derive(Debug, Parser)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
struct Arguments {
    #[command(flatten)]
    settings: Option<Settings>,
    #[command(subcommand)]
    role: Option<Role>,
}

#[derive(Debug, Subcommand)]
enum Role {
    /// Works as it is told on its standard input: for rounds to start.
    #[command(hide = true)]
    Worker,
}

fn main() -> Result<ExitCode, Box<dyn Error + Send + Sync>> {
    match Arguments::parse() {
        Arguments { role: Some(Role::Worker), .. } => work().map(|()| ExitCode::SUCCESS),
        Arguments { settings: Some(settings), .. } => {
            let summary = run(&settings, &current_exe()?)?;
            write!(io::stdout(), "{summary}")?;
            Ok(if summary.violations.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Arguments { .. } => Err("no store is named: --store".into()),
    }
}
