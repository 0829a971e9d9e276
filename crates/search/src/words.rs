//! Words of a text, as they are compared.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;
use unicode_segmentation::UnicodeSegmentation as _;

/// Words of a text (UAX #29 §4) with the bytes that they take in it, folded.
pub(crate) fn words(text: &str) -> impl Iterator<Item = (Range<usize>, String)> {
    text.unicode_word_indices().filter_map(|(at, word)| {
        let folded = fold(word);
        (!folded.is_empty()).then(|| (at..at + word.len(), folded))
    })
}

/// A word without case, diacritics and apostrophes, cut where nobody types on.
fn fold(word: &str) -> String {
    let plain = word
        .nfd()
        .filter(|c| !is_combining_mark(*c) && !matches!(c, '\'' | '’' | 'ʼ'))
        // Upper case first: it also folds what lower case leaves apart, such as ß and final sigma.
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase);
    let mut folded = String::with_capacity(word.len());
    for c in plain.take(LONGEST) {
        match letters(c) {
            Some(letters) => folded.push_str(letters),
            None => folded.push(c),
        }
    }
    folded
}

/// Letters that people without them on their keyboard write otherwise, and that do not decompose.
fn letters(c: char) -> Option<&'static str> {
    Some(match c {
        'ł' => "l",
        'ø' => "o",
        'đ' | 'ð' => "d",
        'ħ' => "h",
        'ŧ' => "t",
        'æ' => "ae",
        'œ' => "oe",
        'þ' => "th",
        _ => return None,
    })
}

/// Characters of a word that count.
const LONGEST: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str) -> Vec<String> {
        words(text).map(|(_, word)| word).collect()
    }

    #[test]
    fn case_and_diacritics_do_not_count() {
        assert_eq!(
            folded("Żak, ŁUKASZ; Hallstro\u{308}m — Straße STRASSE İzmir Ὀδυσσεύς O’Neil"),
            [
                "zak",
                "lukasz",
                "hallstrom",
                "strasse",
                "strasse",
                "izmir",
                "οδυσσευσ",
                "oneil"
            ]
        );
    }

    #[test]
    fn numbers_and_units_stay_whole() {
        assert_eq!(
            folded("K+ 6.8 mmol/l at 14:30"),
            ["k", "6.8", "mmol", "l", "at", "14", "30"]
        );
    }

    #[test]
    fn a_word_knows_its_place() {
        let text = "is é\u{301}lan";
        let places: Vec<&str> = words(text).map(|(at, _)| &text[at]).collect();
        assert_eq!(places, ["is", "é\u{301}lan"]);
    }
}
