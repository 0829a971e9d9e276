//! Columns of CSV files by their names, whatever their order; rows that cannot be read are absent.

use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, PrimitiveDateTime};

use crate::login::Login;
use crate::replay::ReplayError;

/// Where the columns of a log of sign-ins are: those of the public RBA login data set (Wiefling et
/// al., TOPS 2022), and `Device ID`.
#[derive(Debug)]
pub(crate) struct Columns {
    index: Option<usize>,
    at: usize,
    user: usize,
    address: Option<usize>,
    country: Option<usize>,
    city: Option<usize>,
    network: Option<usize>,
    agent: Option<usize>,
    browser: Option<usize>,
    system: Option<usize>,
    device_kind: Option<usize>,
    device: Option<usize>,
    listed: Option<usize>,
    successful: Option<usize>,
    takeover: Option<usize>,
}

impl Columns {
    pub(crate) fn of(header: &csv::ByteRecord) -> Result<Self, ReplayError> {
        let find = |name: &str| position(header, name);
        let must = |name: &'static str| find(name).ok_or(ReplayError::Column(name));
        Ok(Self {
            index: find("index"),
            at: must("Login Timestamp")?,
            user: must("User ID")?,
            address: find("IP Address"),
            country: find("Country"),
            city: find("City"),
            network: find("ASN"),
            agent: find("User Agent String"),
            browser: find("Browser Name and Version"),
            system: find("OS Name and Version"),
            device_kind: find("Device Type"),
            device: find("Device ID"),
            listed: find("Is Attack IP"),
            successful: find("Login Successful"),
            takeover: find("Is Account Takeover"),
        })
    }

    /// The row's own index, else its place; absent where it has one that cannot be read.
    pub(crate) fn index(&self, row: &csv::ByteRecord, place: u64) -> Option<u64> {
        match self.index {
            Some(column) => text(row, column)?.parse().ok(),
            None => Some(place),
        }
    }

    /// What the log says; absent where it says nothing.
    pub(crate) fn takeover(&self, row: &csv::ByteRecord) -> Option<bool> {
        truth(text(row, self.takeover?)?)
    }

    /// The sign-in of a row; absent where it cannot be read.
    pub(crate) fn login(&self, row: &csv::ByteRecord) -> Option<Login> {
        let field = |column: Option<usize>| match column {
            Some(column) => text(row, column).map(str::to_owned),
            None => Some(String::new()),
        };
        let stated = |column: Option<usize>, absent: bool| match field(column)?.as_str() {
            "" => Some(absent),
            said => truth(said),
        };
        let user = field(Some(self.user)).filter(|user| !user.is_empty())?;
        let address = match field(self.address)?.as_str() {
            "" => None,
            said => Some(said.parse().ok()?),
        };
        let agent = field(self.agent)?;
        let (told_system, told_browser) = client(&agent);
        let or_told = |said: String, told: &str| {
            if said.is_empty() {
                told.to_owned()
            } else {
                said
            }
        };
        Some(Login {
            at_ms: moment(text(row, self.at)?)?,
            user,
            address,
            country: field(self.country)?,
            city: field(self.city)?,
            network: field(self.network)?,
            browser: or_told(field(self.browser)?, told_browser),
            system: or_told(field(self.system)?, told_system),
            agent,
            device_kind: field(self.device_kind)?,
            device: field(self.device)?,
            address_is_bad: stated(self.listed, false)?,
            successful: stated(self.successful, true)?,
            ..Login::default()
        })
    }
}

/// System and browser, by what every user agent of theirs has, where nothing else names them; empty
/// for others. The order matters: browsers name those that they descend from, too.
pub fn client(agent: &str) -> (&'static str, &'static str) {
    const SYSTEMS: [(&str, &str); 7] = [
        ("Windows", "Windows"),
        ("Android", "Android"),
        ("iPhone", "iOS"),
        ("iPad", "iPadOS"),
        ("Mac OS X", "macOS"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ];
    const BROWSERS: [(&str, &str); 9] = [
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("SamsungBrowser/", "Samsung Internet"),
        ("Firefox/", "Firefox"),
        ("FxiOS/", "Firefox"),
        ("CriOS/", "Chrome"),
        ("Chrome/", "Chrome"),
        ("Mobile/", "Mobile Safari"),
        ("Safari/", "Safari"),
    ];
    let named = |names: &[(&str, &'static str)]| {
        let found = names.iter().find(|(mark, _)| agent.contains(mark));
        found.map_or("", |(_, name)| *name)
    };
    (named(&SYSTEMS), named(&BROWSERS))
}

/// The column of a name.
pub fn position(header: &csv::ByteRecord, name: &str) -> Option<usize> {
    header.iter().position(|column| {
        // Spreadsheets put a byte order mark before the first.
        let column = column.strip_prefix(b"\xef\xbb\xbf").unwrap_or(column);
        column.trim_ascii().eq_ignore_ascii_case(name.as_bytes())
    })
}

/// A field; absent where the row is too short, or is no UTF-8.
pub fn text(row: &csv::ByteRecord, column: usize) -> Option<&str> {
    std::str::from_utf8(row.get(column)?).ok().map(str::trim)
}

/// What a file calls true or false; absent where it is neither.
pub fn truth(text: &str) -> Option<bool> {
    match text {
        _ if text.eq_ignore_ascii_case("true") || text == "1" => Some(true),
        _ if text.eq_ignore_ascii_case("false") || text == "0" => Some(false),
        _ => None,
    }
}

/// A time as such logs write it, unix milliseconds: RFC 3339, to the minute, with a blank, or without
/// a zone, which is UTC then.
pub fn moment(text: &str) -> Option<i64> {
    let at = OffsetDateTime::parse(text, &Rfc3339).ok().or_else(|| {
        let plain = text.strip_suffix('Z').unwrap_or(text);
        let formats = [
            time::macros::format_description!(
                "[year]-[month]-[day] [hour]:[minute]:[second].[subsecond]"
            ),
            time::macros::format_description!("[year]-[month]-[day] [hour]:[minute]:[second]"),
            time::macros::format_description!("[year]-[month]-[day] [hour]:[minute]"),
            time::macros::format_description!(
                "[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond]"
            ),
            time::macros::format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]"),
            time::macros::format_description!("[year]-[month]-[day]T[hour]:[minute]"),
        ];
        formats
            .iter()
            .find_map(|format| PrimitiveDateTime::parse(plain, format).ok())
            .map(PrimitiveDateTime::assume_utc)
    })?;
    i64::try_from(at.unix_timestamp_nanos() / 1_000_000).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_logs_write_them() {
        let noon = Some(1_788_264_000_000);
        for text in [
            "2026-09-01T12:00:00Z",
            "2026-09-01T14:00:00.000+02:00",
            "2026-09-01T12:00Z",
            "2026-09-01T12:00",
            "2026-09-01T12:00:00",
            "2026-09-01T12:00:00.000",
            "2026-09-01 12:00",
            "2026-09-01 12:00:00",
            "2026-09-01 12:00:00.000",
        ] {
            assert_eq!(moment(text), noon, "{text}");
        }
        assert_eq!(moment("yesterday"), None);
        assert_eq!(moment(""), None);
    }

    #[test]
    fn an_agent_tells_its_system_and_browser_whatever_its_version() {
        for (agent, expected) in [
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) \
                 Chrome/138.0.0.0 Safari/537.36 Edg/138.0.0.0",
                ("Windows", "Edge"),
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_2 like Mac OS X) AppleWebKit/605.1.15 \
                 (KHTML, like Gecko) Version/18.2 Mobile/15E148 Safari/604.1",
                ("iOS", "Mobile Safari"),
            ),
            (
                "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) \
                 Chrome/140.0.0.0 Mobile Safari/537.36",
                ("Android", "Chrome"),
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
                ("Linux", "Firefox"),
            ),
            ("curl/8.5.0", ("", "")),
        ] {
            assert_eq!(client(agent), expected);
        }
    }
}
