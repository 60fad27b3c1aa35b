//! An implementation of gRPC that is not tonic's reads the same faults.

use std::path::Path;
use std::process::Command;

use mainstay_examples::orders::grpc::v1::DESCRIPTORS;

use crate::support::Service;

#[tokio::test]
async fn python_decodes_every_detail() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = package.join("../target/python/bin/python");
    assert!(python.exists(), "there is no {}: `make test` installs it", python.display());
    let service = Service::start_alone().await;
    let descriptors = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(descriptors.path(), DESCRIPTORS).unwrap();

    let mut client = Command::new(python);
    client.arg(package.join("tests/python_client.py"));
    client.args([service.process.address("grpc"), service.gateway.url().to_owned()]);
    client.arg(descriptors.path());
    let output = tokio::task::spawn_blocking(move || client.output().unwrap()).await.unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "all checks passed", "{said}");
}
