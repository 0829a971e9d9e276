//! Logs that are replayed: files that may be packed, and what is written beside them.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, BufWriter, ErrorKind, Read, Write as _};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;

use crate::failure::Failure;

/// A file, unpacked where it is gzip, whatever its name.
pub(crate) fn open(path: &Path) -> Result<Box<dyn Read>, Failure> {
    let file = File::open(path).map_err(|error| unusable(path, &error))?;
    let mut file = BufReader::new(file);
    let begin = file.fill_buf().map_err(|error| unusable(path, &error))?;
    Ok(if begin.starts_with(&[0x1f, 0x8b]) {
        Box::new(MultiGzDecoder::new(file))
    } else {
        Box::new(file)
    })
}

/// Where a file is: under its name, or packed with `.gz` behind it.
pub(crate) fn packed_or_not(path: &Path) -> Result<Option<PathBuf>, Failure> {
    let mut packed = path.as_os_str().to_owned();
    packed.push(".gz");
    for path in [path.to_owned(), packed.into()] {
        if path.try_exists().map_err(|error| unusable(&path, &error))? {
            return Ok(Some(path));
        }
    }
    Ok(None)
}

/// Refuses to write scores over a file that is read.
pub(crate) fn not_over(scores: &Path, log: &Path) -> Result<(), Failure> {
    let whole = |path: &Path| fs::canonicalize(path).ok();
    let log = whole(log);
    // What is written stands beside its name until it is whole.
    let mut written = [Some(scores.to_owned()), half(scores)]
        .into_iter()
        .flatten();
    if log.is_some() && written.any(|path| whole(&path) == log) {
        return Err(Failure::usage(
            "--scores names the log itself, which would be lost",
        ));
    }
    Ok(())
}

/// Scores on their way to a file. They are written beside it, so that one that is there is replaced
/// whole or not at all.
pub(crate) struct Scores {
    path: PathBuf,
    half: PathBuf,
    file: BufWriter<File>,
}

impl Scores {
    pub(crate) fn create(path: &Path) -> std::io::Result<Self> {
        let none = || std::io::Error::new(ErrorKind::InvalidInput, "it is no file's name");
        let half = half(path).ok_or_else(none)?;
        let mut scores = Self {
            path: path.to_owned(),
            file: BufWriter::new(File::create(&half)?),
            half,
        };
        writeln!(scores.file, "index,score")?;
        Ok(scores)
    }

    pub(crate) fn add(&mut self, index: u64, score: f64) -> std::io::Result<()> {
        writeln!(self.file, "{index},{score}")
    }

    pub(crate) fn finish(mut self) -> std::io::Result<()> {
        self.file.flush()?;
        self.file.get_ref().sync_all()?;
        fs::rename(&self.half, &self.path)
    }
}

impl Drop for Scores {
    fn drop(&mut self) {
        // There is none any more where it has its name; what is half written helps nobody, and the
        // error that is told is the first one.
        let _ = fs::remove_file(&self.half);
    }
}

/// The file that scores are written to until it is whole.
fn half(path: &Path) -> Option<PathBuf> {
    let mut name = path.file_name()?.to_owned();
    name.push(".part");
    Some(path.with_file_name(name))
}

/// A path that is none is the caller's mistake; a disk that is full is not.
pub(crate) fn unwritten(path: &Path, error: &std::io::Error) -> Failure {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::ReadOnlyFilesystem => {
            Failure::unavailable(format!("{}: {error}", path.display()))
        }
        _ => unusable(path, error),
    }
}

/// A file that cannot be used.
pub(crate) fn unusable(path: &Path, error: &dyn std::error::Error) -> Failure {
    Failure::usage(format!("{}: {error}", path.display()))
}
