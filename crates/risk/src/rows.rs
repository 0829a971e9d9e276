//! Rows of a CSV file (RFC 4180), each of which is one line: a quote that nobody closed spoils its own
//! line and none after it. No column of the logs that are read here holds a line break.

use std::io::{self, BufRead, BufReader, ErrorKind, Read};

use csv::ByteRecord;

/// The rows of a file, one after the other.
#[derive(Debug)]
pub struct Rows<R> {
    file: BufReader<R>,
    line: Vec<u8>,
    field: Vec<u8>,
    /// Whether the file broke off, and where it did nothing more is read.
    broke_off: bool,
}

/// What a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Row {
    /// A row.
    Whole,
    /// None that can be read: a quote is not closed, it has no end, or the file broke off in it.
    Torn,
}

impl<R: Read> Rows<R> {
    /// Of a file, from its begin.
    pub fn of(file: R) -> Self {
        Self {
            file: BufReader::new(file),
            line: Vec::new(),
            field: Vec::new(),
            broke_off: false,
        }
    }

    /// The names of the columns: the first row. Of a file that cannot be read there are none.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn header(&mut self) -> io::Result<ByteRecord> {
        let mut header = ByteRecord::new();
        self.line.clear();
        self.read_line()?;
        self.split(&mut header);
        Ok(header)
    }

    /// Reads the next row; lines with nothing in them are none. `None` at the end, which is also where
    /// a packed file turns out to be cut off or damaged: that is one torn row, and those before it
    /// stand.
    ///
    /// # Errors
    /// Where the file cannot be read, other than by damage.
    pub fn next(&mut self, row: &mut ByteRecord) -> io::Result<Option<Row>> {
        if self.broke_off {
            return Ok(None);
        }
        self.line.clear();
        match self.read_line() {
            Ok(true) if self.line.len() > LONGEST => Ok(Some(Row::Torn)),
            Ok(true) => Ok(Some(self.split(row))),
            Ok(false) => Ok(None),
            Err(error) if is_damage(error.kind()) => {
                self.broke_off = true;
                Ok(Some(Row::Torn))
            }
            Err(error) => Err(error),
        }
    }

    /// Whether the file was cut off or damaged, so that there may have been more.
    pub const fn broke_off(&self) -> bool {
        self.broke_off
    }

    /// The next line with anything in it, without its end. What is longer than a row can be is read
    /// and not kept.
    fn read_line(&mut self) -> io::Result<bool> {
        loop {
            let read = match self.file.fill_buf() {
                Ok(read) => read,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if read.is_empty() {
                return Ok(!self.line.is_empty());
            }
            let end = read.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            let part = end.unwrap_or(read.len());
            let room = (LONGEST + 1).saturating_sub(self.line.len());
            self.line.extend(read.iter().take(part.min(room)));
            self.file.consume(end.map_or(part, |end| end + 1));
            if end.is_some() && !self.line.is_empty() {
                return Ok(true);
            }
        }
    }

    fn split(&mut self, row: &mut ByteRecord) -> Row {
        row.clear();
        self.field.clear();
        let mut at = At::Begin;
        for &byte in &self.line {
            at = match (at, byte) {
                (At::Begin, b'"') => At::Quoted,
                (At::Quoted, b'"') => At::Quote,
                // Two quotes within quotes are one.
                (At::Quote, b'"') | (At::Quoted, _) => {
                    self.field.push(byte);
                    At::Quoted
                }
                (At::Begin | At::Plain | At::Quote, b',') => {
                    row.push_field(&self.field);
                    self.field.clear();
                    At::Begin
                }
                // A quote that does not begin the field is a letter like any other.
                (At::Begin | At::Plain | At::Quote, _) => {
                    self.field.push(byte);
                    At::Plain
                }
            };
        }
        row.push_field(&self.field);
        if at == At::Quoted {
            Row::Torn
        } else {
            Row::Whole
        }
    }
}

/// Where in a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    Begin,
    Plain,
    Quoted,
    /// Behind a quote within quotes: the end of them, or half of a quote that is meant.
    Quote,
}

/// What a decoder says of a packed file that is cut off or damaged, and a disk does not.
const fn is_damage(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::UnexpectedEof | ErrorKind::InvalidInput | ErrorKind::InvalidData
    )
}

/// No row has more bytes.
const LONGEST: usize = 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &[u8]) -> Vec<(Row, Vec<String>)> {
        let (mut rows, mut row, mut all) = (Rows::of(text), ByteRecord::new(), Vec::new());
        while let Some(found) = rows.next(&mut row).unwrap() {
            let fields = row
                .iter()
                .map(|it| String::from_utf8_lossy(it).into_owned());
            all.push((found, fields.collect()));
        }
        all
    }

    #[test]
    fn a_line_is_split_as_spreadsheets_write_it() {
        for (line, fields) in [
            ("a,b", ["a", "b"].as_slice()),
            ("\"a,b\",c", &["a,b", "c"]),
            ("\"say \"\"so\"\"\",\"\"", &["say \"so\"", ""]),
            ("5\" screen,x", &["5\" screen", "x"]),
            (" \"a\",\"b\" c", &[" \"a\"", "b c"]),
            (",", &["", ""]),
        ] {
            let expected: Vec<String> = fields.iter().map(|it| (*it).to_owned()).collect();
            assert_eq!(rows(line.as_bytes()), [(Row::Whole, expected)], "{line}");
        }
    }

    #[test]
    fn lines_end_in_any_way_and_empty_ones_are_none() {
        let found = rows(b"a\r\n\r\n\nb\rc\n\n");
        let fields: Vec<&str> = found.iter().map(|(_, row)| row[0].as_str()).collect();
        assert_eq!(fields, ["a", "b", "c"]);
    }

    #[test]
    fn a_quote_that_nobody_closes_spoils_its_own_line_and_no_other() {
        let found = rows(b"a,b\n\"a,b\nc,d\n\"x\ny\",z\n");
        let torn: Vec<Row> = found.iter().map(|(row, _)| *row).collect();
        // The last two were one row with a line break in it, which no log has.
        assert_eq!(
            torn,
            [Row::Whole, Row::Torn, Row::Whole, Row::Torn, Row::Whole]
        );
    }

    #[test]
    fn a_line_without_an_end_is_not_kept() {
        let mut text = vec![b'x'; 3 * LONGEST];
        text.extend(b"\na,b\n");
        let found: Vec<Row> = rows(&text).into_iter().map(|(row, _)| row).collect();
        assert_eq!(found, [Row::Torn, Row::Whole]);
    }

    #[test]
    fn what_a_decoder_cannot_open_is_the_end_and_what_a_disk_cannot_read_an_error() {
        struct Broken(ErrorKind);
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(self.0.into())
            }
        }
        let mut row = ByteRecord::new();
        let mut cut = Rows::of(b"a,b\nc".chain(Broken(ErrorKind::UnexpectedEof)));
        assert_eq!(cut.next(&mut row).unwrap(), Some(Row::Whole));
        assert_eq!(cut.next(&mut row).unwrap(), Some(Row::Torn));
        assert_eq!(cut.next(&mut row).unwrap(), None);
        assert!(cut.broke_off());
        let mut disk = Rows::of(b"a,b\nc".chain(Broken(ErrorKind::PermissionDenied)));
        disk.next(&mut row).unwrap();
        assert!(disk.next(&mut row).is_err());
    }
}
