#!/usr/bin/env bash
# mailin 0.6.5 (crates.io), the protocol of mailin-embedded 0.8.3, with the handler that its trait comes with, which takes
# everything. Seen on 2026-11-30.
#
# MAIL FROM:<>, the sender of every bounce, which no server may refuse for that (RFC 5321 4.5.5), is a "500 Syntax error":
# the handler is not even asked. So are NOOP with a parameter, which RFC 5321 4.1.1.9 has servers ignore, and HELP.
#
# Output seen:
#   MAIL FROM:<a@example.test>: 250
#   MAIL FROM:<>: 500
#   NOOP: 250
#   NOOP x: 500
#   HELP: 500
set -eu -o pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir src
cat >Cargo.toml <<'TOML'
[package]
name = "bounces"
version = "0.0.0"
edition = "2021"

[dependencies]
mailin = "=0.6.5"
TOML
cat >src/main.rs <<'RUST'
use mailin::{Handler, SessionBuilder};

struct TakesAll;
impl Handler for TakesAll {}

fn main() {
    for line in ["MAIL FROM:<a@example.test>", "MAIL FROM:<>", "NOOP", "NOOP x", "HELP"] {
        let mut session = SessionBuilder::new("mx.test").build([127, 0, 0, 1].into(), TakesAll);
        session.process(b"EHLO client.test\r\n");
        println!("{line}: {}", session.process(format!("{line}\r\n").as_bytes()).code);
    }
}
RUST
cargo run --quiet | tee output
cat >expected <<'TEXT'
MAIL FROM:<a@example.test>: 250
MAIL FROM:<>: 500
NOOP: 250
NOOP x: 500
HELP: 500
TEXT
diff expected output
