//! Compiles the service's `.proto`, with `protox` so that no `protoc` has to be installed.

use std::error::Error;
use std::path::PathBuf;
use std::{env, fs};

use prost::Message as _;

const PROTO: &str = "proto/orders/v1/orders.proto";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={PROTO}");
    let descriptors = protox::compile([PROTO], ["proto"])?;
    // Reflection serves the descriptors themselves.
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("orders_descriptor.bin"), descriptors.encode_to_vec())?;
    tonic_prost_build::configure().build_transport(false).compile_fds(descriptors)?;
    Ok(())
}
