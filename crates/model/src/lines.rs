//! On which line of a text its rows are, for those who say what is wrong with a table.

/// Counts lines of a text, from 1, as its rows are read one after another.
///
/// A reader of CSV tells where a row begins as the byte after the row before, so that blank lines
/// between them are counted to it; here they are passed over.
#[derive(Debug)]
pub struct Lines<'t> {
    text: &'t [u8],
    counted: usize,
    line: u64,
}

impl<'t> Lines<'t> {
    /// Begins at the first line.
    pub const fn new(text: &'t str) -> Self {
        Self {
            text: text.as_bytes(),
            counted: 0,
            line: 1,
        }
    }

    /// The line of a row that begins at a byte, or after the line ends there. Rows are asked for in
    /// their order.
    pub fn of(&mut self, start: u64) -> u64 {
        let start = usize::try_from(start).unwrap_or(usize::MAX);
        let after = self.text.get(start..).unwrap_or_default();
        let ends = after.iter().take_while(|byte| b"\r\n".contains(byte));
        let start = start + ends.count();
        let passed = self.text.get(self.counted..start).unwrap_or_default();
        let ends = passed.split(|byte| *byte == b'\n').count() - 1;
        self.line += u64::try_from(ends).unwrap_or_default();
        self.counted = start;
        self.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_lines_are_passed_over_and_rows_of_several_lines_begin_at_their_first() {
        let mut lines = Lines::new("a,b\n\r\n\n\"c\nd\",e\nf,g\n");
        assert_eq!([0, 4, 15].map(|start| lines.of(start)), [1, 4, 6]);
        assert_eq!(lines.of(u64::MAX), 6, "beyond the end nothing is counted");
    }
}
