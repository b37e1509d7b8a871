//! How long each part of a signed-in request takes: `cargo bench --package parts`.

use parts::{ALL, Parts};

fn main() {
    divan::main();
}

#[divan::bench(args = ALL.map(|(name, _)| name))]
fn part(bencher: divan::Bencher, name: &str) {
    let (_, part) = ALL.iter().find(|(known, _)| *known == name).expect("a part");
    let mut parts = Parts::new();
    bencher.bench_local(|| part(&mut parts));
}
