/// Whether a database's error passes by itself: it is away, full, busy, or two transactions were
/// in each other's way. Everything else is a bug, or a database of another version.
pub fn is_passing(error: &sqlx::Error) -> bool {
    use sqlx::Error::{Database, Io, PoolClosed, PoolTimedOut, Protocol, WorkerCrashed};
    match error {
        Io(_) | PoolClosed | PoolTimedOut | Protocol(_) | WorkerCrashed => true,
        Database(error) => error.code().is_some_and(|code| is_passing_code(&code)),
        _ => false,
    }
}

/// PostgreSQL's codes have five characters. `SQLite`'s are numbers, whose lowest byte says what it
/// is and the others in what circumstances.
fn is_passing_code(code: &str) -> bool {
    const BUSY_OR_LOCKED: [u32; 2] = [5, 6];
    match code.len() {
        5 => is_passing_state(code),
        _ => code.parse().is_ok_and(|code: u32| BUSY_OR_LOCKED.contains(&(code & 0xff))),
    }
}

/// Connection, resources and intervention as classes; serialization, deadlock and lock.
fn is_passing_state(state: &str) -> bool {
    ["08", "53", "57"].iter().any(|class| state.starts_with(class))
        || ["40001", "40P01", "55P03"].contains(&state)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_and_what_does_not() {
        for code in ["5", "6", "261", "517", "262", "08006", "53300", "57P01", "40001", "55P03"] {
            assert!(is_passing_code(code), "{code}");
        }
        for code in ["1", "8", "11", "13", "2067", "23505", "40002", "42P01", "25006", "", "x"] {
            assert!(!is_passing_code(code), "{code}");
        }
    }
}
