use tower::buffer::Buffer;
use tower::load_shed::LoadShed;
use tower::load_shed::error::Overloaded;
use tower::util::BoxCloneService;
use tower::{BoxError, ServiceExt};

use super::library::Library;
use super::rig::Boxed;
use super::server::{Failure, Server};
use super::{TRAPS, Trouble, coop_budget};
use crate::MAINSTAY;

#[test]
fn they_are_numbered_through() {
    assert!(TRAPS.iter().map(|trap| trap.number).eq(1..=18));
}

/// What the others do is for the report.
#[test]
fn mainstay_is_in_none() {
    let seen: Vec<String> = TRAPS
        .iter()
        .flat_map(|trap| trap.cells.iter().map(move |cell| (trap, cell)))
        .filter(|(_, cell)| cell.who == MAINSTAY)
        .filter_map(|(trap, cell)| match cell.run() {
            Err(Trouble::Fails(seen)) => Some(format!("{}. {}: {seen}", trap.number, trap.name)),
            Ok(()) | Err(Trouble::NotApplicable(_)) => None,
        })
        .collect();
    assert!(seen.is_empty(), "{}", seen.join("\n"));
}

/// Neither peer is in the trap of tokio's budget. tower is, so that the scenario sees it.
#[test]
fn tower_sheds_what_its_buffer_has_room_for() {
    let verdict = coop_budget::run::<Tower>();
    assert!(matches!(verdict, Err(Trouble::Fails(seen)) if seen.starts_with("sheds")));
}

struct Tower;

impl Library for Tower {
    const NAME: &'static str = "tower";

    fn shedding_limit(most: usize, server: &Server) -> Result<Boxed, Trouble> {
        let shed = LoadShed::new(Buffer::new(server.clone(), most));
        let shed = shed.map_err(|error: BoxError| match error.downcast_ref::<Overloaded>() {
            Some(_) => Failure::Rejected,
            None => Failure::Server,
        });
        Ok(BoxCloneService::new(shed))
    }
}
