//! The corpora of the fuzz targets: what the wire is known to say, and inputs that failed once.

use std::fs;
use std::path::Path;

use arbitrary::{Arbitrary, Unstructured};

use crate::properties::{api_error, checkpoint, decode, multipart, oauth1};

/// Every input of a target, as its file has it. The sources that are packed for a registry have no corpora.
fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let Ok(files) = fs::read_dir(folder) else { return Vec::new() };
    files.map(|file| fs::read(file.unwrap().path()).unwrap()).collect()
}

/// An input as a fuzz target takes it out of a file.
fn taken<'a, T: Arbitrary<'a>>(bytes: &'a [u8]) -> T {
    T::arbitrary_take_rest(Unstructured::new(bytes)).unwrap()
}

#[test]
fn each_input_keeps_what_its_target_holds() {
    corpus("checkpoint").iter().for_each(|bytes| checkpoint::hold(bytes));
    corpus("decode").iter().for_each(|bytes| decode::hold(bytes));
    corpus("multipart").iter().for_each(|bytes| multipart::hold(taken(bytes)));
    corpus("oauth1").iter().for_each(|bytes| oauth1::hold(taken(bytes)));
    corpus("api_error").iter().for_each(|bytes| api_error::hold(taken(bytes)));
}

#[test]
fn the_corpora_are_there_with_the_repository() {
    let sizes = ["checkpoint", "decode", "multipart", "oauth1", "api_error"].map(|target| corpus(target).len());
    assert!(sizes.iter().all(|size| *size > 0) || sizes == [0; 5], "{sizes:?}");
}
