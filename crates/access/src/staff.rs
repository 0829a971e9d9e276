//! Where people who work here live, and the numbers of their own records, from a file.

use std::io::Read;

use csv::ByteRecord;
use wardline_risk::parts::{Row, Rows, text};

use crate::columns::Columns;
use crate::replay::ReplayError;

/// What a file says of somebody. It has no `Debug`: it is where people live.
#[derive(Clone, PartialEq, Eq)]
pub struct Staff {
    /// The sign-in name.
    pub username: String,
    /// The postal code of their home.
    pub area: Option<String>,
    /// The medical record number that they have as a patient.
    pub mrn: Option<String>,
}

/// Reads `username`, and `area` and `mrn` where there are such columns. Gives people in the order of the file, and
/// how many rows could not be read.
///
/// # Errors
/// [`ReplayError`].
pub fn read(file: impl Read) -> Result<(Vec<Staff>, u64), ReplayError> {
    let mut rows = Rows::of(file);
    let columns = Columns::of(rows.header()?);
    let username = columns.must("username")?;
    let others = ["area", "mrn"].map(|name| columns.find(name));
    let (mut staff, mut malformed) = (Vec::new(), 0);
    let mut row = ByteRecord::new();
    while let Some(found) = rows.next(&mut row)? {
        let whole = |column| text(&row, column).map(str::trim);
        let known = |column: Option<usize>| match column {
            Some(column) => whole(column).map(|text| Some(text).filter(|it| !it.is_empty())),
            None => Some(None),
        };
        let read = || {
            let username = whole(username).filter(|it| !it.is_empty())?;
            let [area, mrn] = others;
            Some(Staff {
                username: username.to_owned(),
                area: known(area)?.map(str::to_owned),
                mrn: known(mrn)?.map(str::to_owned),
            })
        };
        match read().filter(|_| found == Row::Whole) {
            Some(one) => staff.push(one),
            None => malformed += 1,
        }
    }
    Ok((staff, malformed))
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn people_are_read_with_what_is_known_of_them() {
        let file = "mrn,username,shoes\nSB-1, ada ,42\n,ben,\nSB-2,,43\n";
        let (staff, malformed) = read(file.as_bytes()).unwrap();
        let told: Vec<_> = staff
            .iter()
            .map(|it| (it.username.as_str(), it.area.as_deref(), it.mrn.as_deref()))
            .collect();
        assert_eq!(told, [("ada", None, Some("SB-1")), ("ben", None, None)]);
        assert_eq!(malformed, 1);
    }

    #[test]
    fn a_file_without_names_is_refused() {
        assert!(read("area,mrn\n00042,SB-1\n".as_bytes()).is_err());
    }
}
