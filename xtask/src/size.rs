//! Sizes of what a phone downloads, compressed as the server compresses it.

use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::failure::Failure;

/// The client core in wasm may weigh this much, gzip, in bytes.
pub(crate) const WASM_LIMIT: usize = 980_000;

/// The scripts that the first page needs may weigh this much together, gzip, in bytes.
pub(crate) const SCRIPT_LIMIT: usize = 250_000;

/// Bytes before and after compression.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Size {
    /// As on disk.
    pub(crate) raw: usize,
    /// After gzip at its best.
    pub(crate) gzip: usize,
}

impl Size {
    /// Measures one file.
    pub(crate) fn of(path: &Path) -> Result<Self, Failure> {
        let bytes = std::fs::read(path).map_err(Failure::io(path))?;
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        let packed = encoder
            .write_all(&bytes)
            .and_then(|()| encoder.finish())
            .map_err(Failure::io(path))?;
        Ok(Self {
            raw: bytes.len(),
            gzip: packed.len(),
        })
    }

    /// Both together.
    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            raw: self.raw + other.raw,
            gzip: self.gzip + other.gzip,
        }
    }

    /// The size in words, or a failure when it is over the limit.
    pub(crate) fn within(self, limit: usize, what: &str) -> Result<String, Failure> {
        let words = format!(
            "{what}: {} kB, {} kB gzip (limit {} kB)",
            kilobytes(self.raw),
            kilobytes(self.gzip),
            limit / 1000
        );
        if self.gzip > limit {
            return Err(Failure::Unfit(format!(
                "{words}: too heavy for a phone's first load; find what grew and load it later"
            )));
        }
        Ok(words)
    }
}

/// Thousands of bytes, rounded up so that a limit is never passed by rounding.
fn kilobytes(bytes: usize) -> usize {
    bytes.div_ceil(1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_an_error() {
        let size = Size {
            raw: 2_000,
            gzip: 1_001,
        };
        assert!(size.within(1_000, "core").is_err());
        assert_eq!(
            size.within(2_000, "core").ok().as_deref(),
            Some("core: 2 kB, 2 kB gzip (limit 2 kB)")
        );
    }

    #[test]
    fn zeroes_compress_well() {
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        std::fs::write(file.path(), vec![0; 100_000]).expect("written");
        let size = Size::of(file.path()).expect("measured");
        assert_eq!(size.raw, 100_000);
        assert!(size.gzip < 1_000);
    }
}
