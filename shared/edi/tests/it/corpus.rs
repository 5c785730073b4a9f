//! The inputs that fuzzing has kept, through the bodies of the fuzz targets. `fuzz/README.md` says where they come from.

use std::fs;
use std::path::Path;

#[path = "../../fuzz/bodies/check.rs"]
mod check;
#[path = "../../fuzz/bodies/read.rs"]
mod read;
#[path = "../../fuzz/bodies/write.rs"]
mod write;

fn replay(target: &str, body: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        body(&fs::read(entry.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count >= 20, "{target}: the corpus is there, and not only {count}");
}

#[test]
fn what_fuzzing_kept_is_read_without_loss() {
    replay("read", read::run);
}

#[test]
fn what_fuzzing_kept_is_judged_and_acknowledged() {
    replay("check", check::run);
}

#[test]
fn what_fuzzing_kept_is_written_so_that_it_reads_back() {
    replay("write", write::run);
}
