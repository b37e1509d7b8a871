use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use zeroize::Zeroizing;

/// Bytes that are read; a secret key takes 44.
const LARGEST: usize = 4096;

/// Reads a file with a secret, and never more than one takes: a device has no end.
pub(crate) fn read(path: &Path) -> io::Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::with_capacity(LARGEST));
    File::open(path)?.take(LARGEST as u64).read_to_string(&mut text)?;
    Ok(text)
}
