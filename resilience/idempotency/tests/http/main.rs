//! The layer as servers and their clients see it. Tests name the scenario that they are of, where
//! it has a number.

#![cfg(test)]

mod bodies;
mod claims;
mod clients;
mod contract;
mod cost;
mod disconnects;
mod events;
mod faults;
mod grpc;
mod keys;
mod leases;
mod outages;
mod panics;
mod support;
mod wire;
mod with_tonic;
