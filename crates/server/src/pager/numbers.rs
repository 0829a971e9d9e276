//! Numbers by which the pager system reaches people, as a list brings them.

use std::collections::BTreeMap;

use wardline_store::{StoreError, Tx};
use zeroize::Zeroizing;

/// A list that was read: by sign-in name the number, or that there is none any more.
pub(crate) type Numbers = BTreeMap<String, Option<Zeroizing<String>>>;

/// Reads lines of `sign-in name,number`. A first line `user,number` is left out, as are empty ones.
///
/// # Errors
/// Every reason to refuse it, by line. No reason has a number in it.
pub(crate) fn read(text: &str) -> Result<Numbers, Vec<String>> {
    let mut numbers = Numbers::new();
    let mut reasons = Vec::new();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.len() > LONGEST_LIST {
        return Err(vec!["The list is longer than 1 MiB.".to_owned()]);
    }
    for (place, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || place == 0 && line.eq_ignore_ascii_case("user,number") {
            continue;
        }
        let fault = match line.split_once(',') {
            None => Some("write a sign-in name, a comma and a number"),
            Some((name, number)) => take(&mut numbers, plain(name), plain(number)).err(),
        };
        if let Some(fault) = fault {
            if reasons.len() == MOST_REASONS {
                reasons.push("And more.".to_owned());
                break;
            }
            reasons.push(format!("Line {}: {fault}.", place + 1));
        }
    }
    if reasons.is_empty() {
        Ok(numbers)
    } else {
        Err(reasons)
    }
}

/// Writes them, all or none; gives how many were set and how many taken away.
///
/// # Errors
/// The names that nobody has, in sentences, as the inner error.
pub(crate) async fn write(
    tx: &mut Tx,
    numbers: &Numbers,
    now_ms: u64,
) -> Result<Result<(u64, u64), Vec<String>>, StoreError> {
    let (mut set, mut removed) = (0, 0);
    let mut unknown = Vec::new();
    for (name, number) in numbers {
        let Some(person) = tx.person_by_username(name).await? else {
            unknown.push(format!("Nobody has the sign-in name {name}."));
            continue;
        };
        let number = number.as_ref().map(|number| number.as_bytes());
        match number {
            Some(_) => set += 1,
            None => removed += 1,
        }
        tx.set_pager_number(person.user_id, number, now_ms).await?;
    }
    if unknown.is_empty() {
        Ok(Ok((set, removed)))
    } else {
        unknown.truncate(MOST_REASONS);
        Ok(Err(unknown))
    }
}

fn take(numbers: &mut Numbers, name: &str, number: &str) -> Result<(), &'static str> {
    if name.is_empty() || name.len() > LONGEST_NAME {
        return Err("the sign-in name is missing, or too long");
    }
    let number: Zeroizing<String> = Zeroizing::new(
        number
            .chars()
            .filter(|c| !matches!(c, ' ' | '(' | ')' | '/'))
            .collect(),
    );
    let is_number = number.len() <= LONGEST_NUMBER
        && number
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"+*#-.@:_".contains(&b));
    if !is_number {
        return Err("the number has signs that no pager system takes, or more than 64");
    }
    let number = Some(number).filter(|number| !number.is_empty());
    if numbers.insert(name.to_lowercase(), number).is_some() {
        return Err("the person stands in the list twice");
    }
    Ok(())
}

/// Without the quotes that spreadsheets write.
fn plain(cell: &str) -> &str {
    let cell = cell.trim();
    cell.strip_prefix('"')
        .and_then(|cell| cell.strip_suffix('"'))
        .unwrap_or(cell)
        .trim()
}

const LONGEST_LIST: usize = 1 << 20;
const LONGEST_NAME: usize = 200;
const LONGEST_NUMBER: usize = 64;
const MOST_REASONS: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_as_spreadsheets_write_it() {
        let text = "\u{feff}user,number\r\n\"Amara.Osei\", +1 (207) 555-0142\r\n\r\nben.adler,\r\n";
        let numbers = read(text).unwrap();
        assert_eq!(numbers.len(), 2);
        let amara = numbers["amara.osei"].as_ref().unwrap();
        assert_eq!(amara.as_str(), "+1207555-0142");
        assert!(numbers["ben.adler"].is_none());
    }

    #[test]
    fn what_is_wrong_is_told_by_line_and_never_with_the_number() {
        let text = "amara.osei,5551;rm\nnobody\n,12\nben.adler,1\nBen.Adler,2\n";
        let reasons = read(text).unwrap_err();
        assert_eq!(reasons.len(), 4);
        for (reason, line) in reasons.iter().zip([1, 2, 3, 5]) {
            assert!(reason.starts_with(&format!("Line {line}: ")), "{reason}");
            assert!(!reason.contains("5551"), "{reason}");
        }
        assert_eq!(read(&"x\n".repeat(100)).unwrap_err().len(), 21);
    }
}
