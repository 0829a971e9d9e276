//! What is looked for, and what of a text is shown for it.

use std::ops::Range;

use crate::words::words;

/// Words that a message must have, all of them. The last may be the beginning of one: it is still
/// being typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    words: Vec<String>,
}

impl Query {
    /// The words of what a person typed; those beyond the sixteenth do not count.
    pub fn parse(text: &str) -> Self {
        Self {
            words: words(text).map(|(_, word)| word).take(MOST_WORDS).collect(),
        }
    }

    /// Whether there is no word in it: then every message matches.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    pub(crate) fn words(&self) -> &[String] {
        &self.words
    }

    /// Whether a text has every word.
    pub fn matches(&self, text: &str) -> bool {
        let there: Vec<String> = words(text).map(|(_, word)| word).collect();
        let Some((last, others)) = self.words.split_last() else {
            return true;
        };
        others.iter().all(|word| there.contains(word))
            && there.iter().any(|word| word.starts_with(last.as_str()))
    }

    /// What of a text is shown: the surroundings of the first word that was found, with all words
    /// of the query marked.
    pub fn snippet(&self, text: &str) -> Vec<Piece> {
        let marks = self.marks(text);
        let first = marks.first().map_or(0, |mark| mark.start);
        let shown = around(text, first);
        let mut pieces = Vec::new();
        let mut put = |text: &str, marked: bool| {
            if !text.is_empty() {
                pieces.push(Piece {
                    text: text.to_owned(),
                    marked,
                });
            }
        };
        let mut at = shown.start;
        put(if at > 0 { "…" } else { "" }, false);
        for mark in marks.iter().filter(|mark| mark.end <= shown.end) {
            put(&text[at..mark.start], false);
            put(&text[mark.clone()], true);
            at = mark.end;
        }
        put(&text[at..shown.end], false);
        put(if shown.end < text.len() { "…" } else { "" }, false);
        pieces
    }

    fn marks(&self, text: &str) -> Vec<Range<usize>> {
        let Some((last, others)) = self.words.split_last() else {
            return Vec::new();
        };
        words(text)
            .filter(|(_, word)| word.starts_with(last.as_str()) || others.contains(word))
            .map(|(at, _)| at)
            .collect()
    }
}

/// A part of a snippet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// As it stands in the text.
    pub text: String,
    /// Whether it was looked for.
    pub marked: bool,
}

/// What is shown of a text around a place: from a word's beginning a little before it, and no
/// further than is read at a glance.
fn around(text: &str, place: usize) -> Range<usize> {
    let back = text[..place].char_indices().rev().nth(BEFORE - 1);
    let start = back.map_or(0, |(far, _)| {
        text[far..place]
            .char_indices()
            .find(|(_, c)| c.is_whitespace())
            .map_or(far, |(at, space)| far + at + space.len_utf8())
    });
    let end = text[start..]
        .char_indices()
        .nth(SHOWN)
        .map_or(text.len(), |(at, _)| start + at);
    start..end
}

/// Most words of a query.
const MOST_WORDS: usize = 16;
/// Characters shown before the first word that was found.
const BEFORE: usize = 32;
/// Characters shown.
const SHOWN: usize = 160;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(query: &str, text: &str) -> String {
        let pieces = Query::parse(query).snippet(text);
        let show = |piece: &Piece| {
            let (open, close) = if piece.marked { ("[", "]") } else { ("", "") };
            format!("{open}{}{close}", piece.text)
        };
        pieces.iter().map(show).collect()
    }

    #[test]
    fn words_are_marked_as_they_stand() {
        assert_eq!(
            shown("kalium 6", "Kalium: 6.8, KÁLIUM again"),
            "[Kalium]: [6.8], [KÁLIUM] again"
        );
        assert_eq!(shown("", "all of it"), "all of it");
    }

    #[test]
    fn a_long_text_is_shown_from_a_little_before() {
        let text = format!(
            "{}the potassium is high {}",
            "word ".repeat(40),
            "more ".repeat(60)
        );
        let shown = shown("potas", &text);
        assert!(shown.starts_with("…word "), "{shown}");
        assert!(shown.contains("the [potassium] is high more"), "{shown}");
        assert!(
            shown.ends_with('…') && shown.chars().count() <= SHOWN + 4,
            "{shown}"
        );
    }

    proptest! {
        #[test]
        fn a_snippet_is_a_part_of_its_text(query in "\\PC{0,12}", text in "[a-c \\PC]{0,400}") {
            let query = Query::parse(&query);
            let pieces = query.snippet(&text);
            let all: String = pieces.iter().map(|p| p.text.as_str()).collect();
            let inner = all.trim_start_matches('…').trim_end_matches('…');
            prop_assert!(text.contains(inner));
            let marked = pieces.iter().any(|piece| piece.marked);
            prop_assert!(marked || query.is_empty() || !query.matches(&text));
        }
    }
}
