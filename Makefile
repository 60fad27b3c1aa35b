# What one types here. `make help` lists it; every step of `make ci` can be run alone.

CARGO_HACK := cargo-hack@0.6.46
CARGO_DENY := cargo-deny@0.20.2
# `make ci` sets this: the versions tested are those of Cargo.lock, or it fails.
LOCKED ?=

.NOTPARALLEL:
.PHONY: help run test ci fmt fmt-check clippy doc features standalone deny bench

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1@\2/p' $(MAKEFILE_LIST) | \
		awk -F@ '{ printf "%-14s%s\n", $$1, $$2 }'

run: ## start the reference service `orders`
	cargo run --bin orders

test: ## run all tests; first installs the servers and the Python client they need
	@.ci/install-test-servers
	@.ci/install-python-client
	cargo test $(LOCKED) --all-features --no-fail-fast
	cargo test $(LOCKED) -p mainstay-json --features axum --no-fail-fast

ci: ## everything that has to pass before a change is merged
	@.ci/steps fmt-check standalone clippy features doc test deny

fmt: ## format the code
	cargo fmt --all

fmt-check: ## fail where `make fmt` would change something
	cargo fmt --all --check

clippy: ## lint everything, benchmarks included; a warning is an error
	cargo clippy $(LOCKED) --workspace --all-targets --all-features -- -D warnings

doc: ## build the documentation; a broken link is an error
	RUSTDOCFLAGS="-D warnings" cargo doc $(LOCKED) --no-deps --all-features

features: ## lint every published crate with each of its features alone, with none and with all
	cargo install --locked --quiet $(CARGO_HACK)
	cargo hack clippy $(LOCKED) --workspace --ignore-private --each-feature --lib -- -D warnings

standalone: ## check that no crate depends on a sibling unasked
	@.ci/check-standalone

deny: ## check licences, duplicate dependencies, sources and, where reachable, advisories
	cargo install --locked --quiet $(CARGO_DENY)
	@.ci/check-dependencies

bench: ## run the benchmarks and write benches/RESULTS.md; one area: make bench AREA=errors
	@benches/run $(AREA)
