//! What a reaction may be: a single character, as a person sees it.

/// Longest reaction, bytes: the longest emoji of Unicode 16 has 35.
pub const MAX_REACTION: usize = 40;

/// Whether a text is what a person sees as one character: a letter or sign with its marks, or an
/// emoji with its variants, skin tones and joined parts (Unicode Technical Standard #51 §1.4.9).
/// Nothing that turns or hides the text around it passes.
pub fn is_single_character(text: &str) -> bool {
    if text.len() > MAX_REACTION {
        return false;
    }
    let mut rest = text.chars().peekable();
    let Some(first) = rest.next().filter(|c| is_base(*c)) else {
        return false;
    };
    if is_regional(first) {
        // A flag is a pair of them.
        return rest.next().is_some_and(is_regional) && rest.next().is_none();
    }
    while let Some(next) = rest.next() {
        let joined = next == ZERO_WIDTH_JOINER
            && rest
                .next_if(|c| is_base(*c) && !c.is_alphanumeric())
                .is_some();
        if !joined && !is_mark(next) {
            return false;
        }
    }
    true
}

const ZERO_WIDTH_JOINER: char = '\u{200D}';

fn is_regional(c: char) -> bool {
    ('\u{1F1E6}'..='\u{1F1FF}').contains(&c)
}

/// Marks that belong to the character before them: accents, variation selectors, the keycap, skin
/// tones and the tags of flags.
fn is_mark(c: char) -> bool {
    matches!(
        c,
        '\u{300}'..='\u{36F}'
            | '\u{20D0}'..='\u{20FF}'
            | '\u{FE00}'..='\u{FE0F}'
            | '\u{1F3FB}'..='\u{1F3FF}'
            | '\u{E0020}'..='\u{E007F}'
    )
}

/// What can stand alone and be seen.
fn is_base(c: char) -> bool {
    let is_format = matches!(
        c,
        '\u{AD}'
            | '\u{61C}'
            | '\u{180E}'
            | '\u{200B}'..='\u{200F}'
            | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}'
            | '\u{FEFF}'
            | '\u{FFF0}'..='\u{FFFB}'
            | '\u{E0000}'..='\u{E0FFF}'
    );
    !c.is_control() && !c.is_whitespace() && !is_mark(c) && !is_format
}

#[cfg(test)]
mod tests {
    use wardline_model::MessageId;

    use super::*;
    use crate::content::{Change, Content};

    #[test]
    fn a_reaction_is_one_character_and_nothing_that_hides_or_turns_text() {
        for one in [
            "👍",
            "❤️",
            "👩🏽‍⚕️",
            "👨‍👩‍👧‍👦",
            "🇸🇪",
            "🏴󠁧󠁢󠁳󠁣󠁴󠁿",
            "1️⃣",
            "é",
            "e\u{301}",
            "!",
        ] {
            assert!(is_single_character(one), "{one}");
        }
        let marks = format!("e{}", "\u{301}".repeat(100));
        let long = "👍".repeat(2500);
        let refused = [
            "",
            " ",
            "👍👍",
            "OK",
            "\u{202E}",
            "👍\u{202E}",
            "\u{FE0F}",
            "\u{200D}",
            "👍\u{200D}",
            "S\u{200D}T\u{200D}O\u{200D}P",
            "🇸",
            "🇸🇪🇸",
            "\n",
            "\u{301}",
            marks.as_str(),
            long.as_str(),
        ];
        let of = |emoji: &str| Change::React {
            to: MessageId::from_bytes([1; 16]),
            emoji: emoji.to_owned(),
        };
        for other in refused {
            assert!(!is_single_character(other), "{other:?}");
            let bytes = of(other).encode(MessageId::from_bytes([2; 16]));
            assert!(Content::decode(&bytes).is_err(), "{other:?}");
        }
    }
}
