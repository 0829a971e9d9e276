//! Words of a text, as they are compared.

use std::ops::Range;

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
    let mut folded = String::with_capacity(word.len());
    let kept = word
        .chars()
        .flat_map(char::to_lowercase)
        .filter(|c| !is_left_out(*c));
    for c in kept.take(LONGEST).map(plain) {
        match letters(c) {
            Some(letters) => folded.push_str(letters),
            None => folded.push(c),
        }
    }
    folded
}

/// Apostrophes, and the marks and points of Latin, Greek, Cyrillic, Hebrew and Arabic.
fn is_left_out(c: char) -> bool {
    matches!(
        c,
        '\'' | '’' | 'ʼ'
            | '\u{300}'..='\u{36f}'
            | '\u{483}'..='\u{487}'
            | '\u{591}'..='\u{5bd}'
            | '\u{5bf}' | '\u{5c1}' | '\u{5c2}' | '\u{5c4}' | '\u{5c5}' | '\u{5c7}'
            | '\u{610}'..='\u{61a}'
            | '\u{64b}'..='\u{65f}'
            | '\u{670}'
            | '\u{1ab0}'..='\u{1aff}'
            | '\u{1dc0}'..='\u{1dff}'
            | '\u{20d0}'..='\u{20ff}'
            | '\u{fe20}'..='\u{fe2f}'
    )
}

/// Letters that people without them on their keyboard write otherwise, and that do not decompose.
fn letters(c: char) -> Option<&'static str> {
    Some(match c {
        'ß' => "ss",
        'ς' => "σ",
        'ı' => "i",
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

/// A letter without its diacritics.
fn plain(c: char) -> char {
    if !matches!(c, '\u{df}'..='\u{45f}' | '\u{1e00}'..='\u{1fff}') {
        return c;
    }
    let found = PLAIN.iter().find(|(_, marked)| marked.contains(c));
    found.map_or(c, |(plain, _)| *plain)
}

/// Letters and what decomposes to them: lower case, Latin, Greek and Cyrillic. Tables of all of
/// Unicode would add some 30 kB to what a phone downloads; a test holds this one against them.
const PLAIN: [(char, &str); 43] = [
    ('a', "àáâãäåāăąǎǟǡǻȁȃȧḁạảấầẩẫậắằẳẵặ"),
    ('b', "ḃḅḇ"),
    ('c', "çćĉċčḉ"),
    ('d', "ďḋḍḏḑḓ"),
    ('e', "èéêëēĕėęěȅȇȩḕḗḙḛḝẹẻẽếềểễệ"),
    ('f', "ḟ"),
    ('g', "ĝğġģǧǵḡ"),
    ('h', "ĥȟḣḥḧḩḫẖ"),
    ('i', "ìíîïĩīĭįǐȉȋḭḯỉị"),
    ('j', "ĵǰ"),
    ('k', "ķǩḱḳḵ"),
    ('l', "ĺļľḷḹḻḽ"),
    ('m', "ḿṁṃ"),
    ('n', "ñńņňǹṅṇṉṋ"),
    ('o', "òóôõöōŏőơǒǫǭȍȏȫȭȯȱṍṏṑṓọỏốồổỗộớờởỡợ"),
    ('p', "ṕṗ"),
    ('r', "ŕŗřȑȓṙṛṝṟ"),
    ('s', "śŝşšșṡṣṥṧṩ"),
    ('t', "ţťțṫṭṯṱẗ"),
    ('u', "ùúûüũūŭůűųưǔǖǘǚǜȕȗṳṵṷṹṻụủứừửữự"),
    ('v', "ṽṿ"),
    ('w', "ŵẁẃẅẇẉẘ"),
    ('x', "ẋẍ"),
    ('y', "ýÿŷȳẏẙỳỵỷỹ"),
    ('z', "źżžẑẓẕ"),
    ('æ', "ǣǽ"),
    ('ø', "ǿ"),
    ('ſ', "ẛ"),
    ('ʒ', "ǯ"),
    ('α', "άἀἁἂἃἄἅἆἇὰ\u{1f71}ᾀᾁᾂᾃᾄᾅᾆᾇᾰᾱᾲᾳᾴᾶᾷ"),
    ('ε', "έἐἑἒἓἔἕὲ\u{1f73}"),
    ('η', "ήἠἡἢἣἤἥἦἧὴ\u{1f75}ᾐᾑᾒᾓᾔᾕᾖᾗῂῃῄῆῇ"),
    ('ι', "ΐίϊἰἱἲἳἴἵἶἷὶ\u{1f77}\u{1fbe}ῐῑῒ\u{1fd3}ῖῗ"),
    ('ο', "όὀὁὂὃὄὅὸ\u{1f79}"),
    ('ρ', "ῤῥ"),
    ('υ', "ΰϋύὐὑὒὓὔὕὖὗὺ\u{1f7b}ῠῡῢ\u{1fe3}ῦῧ"),
    ('ω', "ώὠὡὢὣὤὥὦὧὼ\u{1f7d}ᾠᾡᾢᾣᾤᾥᾦᾧῲῳῴῶῷ"),
    ('г', "ѓ"),
    ('е', "ѐё"),
    ('и', "йѝ"),
    ('к', "ќ"),
    ('у', "ў"),
    ('і', "ї"),
];

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
    fn letters_lose_the_marks_that_unicode_takes_off_them() {
        use unicode_normalization::UnicodeNormalization as _;
        use unicode_normalization::char::is_combining_mark;

        let ranges = ['\u{c0}'..='\u{45f}', '\u{1e00}'..='\u{1fff}'];
        let mut folds = 0;
        let cased = |c: &char| c.to_lowercase().all(char::is_lowercase);
        for c in ranges.into_iter().flatten().filter(cased) {
            let mut base = c
                .to_lowercase()
                .nfd()
                .filter(|c| !is_combining_mark(*c) && c.is_alphabetic());
            let (Some(base), None) = (base.next(), base.next()) else {
                continue;
            };
            let marked = c.to_lowercase().next() != Some(base);
            if marked {
                folds += 1;
                let expected = letters(base).map_or(base.to_string(), str::to_owned);
                assert_eq!(fold(&c.to_string()), expected, "{c}");
            }
        }
        assert!(folds > 500, "{folds}");
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
