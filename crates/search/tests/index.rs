//! The index finds what a look at every message finds, whatever happened to the messages.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests: what is not there fails the test that asked for it"
)]

use std::collections::BTreeMap;

use proptest::prelude::*;
use wardline_search::{
    Damaged, FULL_BYTES, Filter, Hit, Id, Message, Place, Query, Values, add, clear, fill, find,
    remove, tend,
};

#[derive(Default)]
struct Memory {
    values: BTreeMap<String, Vec<u8>>,
    written: usize,
    written_bytes: usize,
}

impl Values for Memory {
    fn range<'a>(
        &'a self,
        prefix: &'static str,
    ) -> impl DoubleEndedIterator<Item = (&'a str, &'a [u8])> {
        self.values
            .range(prefix.to_owned()..format!("{prefix}\u{10FFFF}"))
            .map(|(name, value)| (name.as_str(), value.as_slice()))
    }

    fn put(&mut self, name: String, value: Vec<u8>) {
        self.written += 1;
        self.written_bytes += value.len();
        self.values.insert(name, value);
    }

    fn delete(&mut self, name: &str) {
        self.values.remove(name);
    }
}

/// A message as a plain list has it.
#[derive(Debug, Clone)]
struct Plain {
    from: Option<Id>,
    sent_at: u64,
    text: String,
}

#[derive(Default)]
struct Both {
    index: Memory,
    plain: BTreeMap<Place, Plain>,
}

impl Both {
    fn put(&mut self, place: Place, plain: Plain) {
        remove(&mut self.index, place).unwrap();
        add(&mut self.index, &message(place, &plain));
        self.plain.insert(place, plain);
    }

    fn naive(&self, query: &Query, filter: &Filter) -> Vec<Hit> {
        let mut hits: Vec<Hit> = self
            .plain
            .iter()
            .filter(|(place, plain)| {
                filter
                    .groups
                    .as_ref()
                    .is_none_or(|g| g.contains(&place.group))
                    && filter.from.is_none_or(|from| plain.from == Some(from))
                    && filter.since.is_none_or(|since| plain.sent_at >= since)
                    && filter.until.is_none_or(|until| plain.sent_at < until)
                    && query.matches(&plain.text)
            })
            .map(|(place, plain)| Hit {
                sent_at: plain.sent_at,
                place: *place,
            })
            .collect();
        hits.sort_unstable();
        hits.reverse();
        hits
    }

    /// Page by page.
    fn found(&self, query: &Query, filter: &Filter, page: usize) -> Vec<Hit> {
        let mut all = Vec::new();
        let mut after = None;
        loop {
            let found = find(&self.index, query, filter, after, page).unwrap();
            assert!(found.hits.len() <= page);
            all.extend(found.hits);
            after = found.next;
            if after.is_none() {
                return all;
            }
        }
    }
}

fn message(place: Place, plain: &Plain) -> Message<'_> {
    Message {
        place,
        from: plain.from,
        sent_at: plain.sent_at,
        text: &plain.text,
    }
}

/// Words that no other message has, as many as a long message may hold.
fn long(of: u64) -> String {
    let words = (0..1400).map(|word| format!("w{of:03}x{word:05} "));
    words.collect()
}

#[test]
fn merging_long_messages_moves_a_bounded_number_of_bytes_at_a_time_and_comes_to_an_end() {
    let mut both = Both::default();
    for seq in 0..400 {
        let plain = Plain {
            from: None,
            sent_at: seq,
            text: long(seq),
        };
        let place = Place {
            group: [1; 16],
            seq,
        };
        add(&mut both.index, &message(place, &plain));
        both.plain.insert(place, plain);
    }
    both.index.written_bytes = 0;
    let mut steps = 0;
    while tend(&mut both.index).unwrap() {
        assert!(both.index.written_bytes < 2 * FULL_BYTES);
        both.index.written_bytes = 0;
        steps += 1;
        assert!(steps < 400, "it goes on without an end");
    }
    assert!(steps > 1);
    let query = Query::parse("w123x00007");
    let hits = both.found(&query, &Filter::default(), 10);
    assert_eq!(hits, both.naive(&query, &Filter::default()));
    assert_eq!(hits.len(), 1);
}

#[derive(Debug, Clone)]
enum Step {
    Put(u8, u64, Plain),
    Remove(u8, u64),
    Tend,
}

fn text() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        Just("kalium"),
        Just("Kali"),
        Just("6.8"),
        Just("é"),
        Just("E"),
        Just("Straße"),
        Just("strasse,"),
        Just("stat!"),
        Just("k"),
        Just("漢字"),
        Just("🙂"),
        Just("ß"),
    ];
    proptest::collection::vec(word, 0..6).prop_map(|words| words.join(" "))
}

fn step() -> impl Strategy<Value = Step> {
    let plain =
        (proptest::option::of(0..3_u8), 0..50_u64, text()).prop_map(|(from, sent_at, text)| {
            Plain {
                from: from.map(|n| [n; 16]),
                sent_at,
                text,
            }
        });
    prop_oneof![
        6 => (0..3_u8, 0..40_u64, plain).prop_map(|(g, seq, plain)| Step::Put(g, seq, plain)),
        2 => (0..3_u8, 0..40_u64).prop_map(|(g, seq)| Step::Remove(g, seq)),
        1 => Just(Step::Tend),
    ]
}

fn filter() -> impl Strategy<Value = Filter> {
    (
        proptest::option::of(proptest::collection::btree_set(
            (0..3_u8).prop_map(|n| [n; 16]),
            0..3,
        )),
        proptest::option::of((0..3_u8).prop_map(|n| [n; 16])),
        proptest::option::of(0..50_u64),
        proptest::option::of(0..50_u64),
    )
        .prop_map(|(groups, from, since, until)| Filter {
            groups,
            from,
            since,
            until,
        })
}

fn place(group: u8, seq: u64) -> Place {
    Place {
        group: [group; 16],
        seq,
    }
}

proptest! {
    #[test]
    fn the_index_finds_what_a_look_at_every_message_finds(
        steps in proptest::collection::vec(step(), 0..120),
        typed in text(),
        filter in filter(),
        page in 1..9_usize,
    ) {
        let mut both = Both::default();
        for step in steps {
            match step {
                Step::Put(group, seq, plain) => both.put(place(group, seq), plain),
                Step::Remove(group, seq) => {
                    let there = both.plain.remove(&place(group, seq)).is_some();
                    prop_assert_eq!(remove(&mut both.index, place(group, seq)), Ok(there));
                }
                Step::Tend => while tend(&mut both.index).unwrap() {},
            }
        }
        let query = Query::parse(&typed);
        prop_assert_eq!(both.found(&query, &filter, page), both.naive(&query, &filter));
    }
}

fn plain(at: u64, text: &str) -> Plain {
    Plain {
        from: Some([7; 16]),
        sent_at: at,
        text: text.to_owned(),
    }
}

#[test]
fn adding_writes_one_value_however_large_the_index_is() {
    let mut index = Memory::default();
    let text = plain(0, "potassium is fine");
    for seq in 0..6_000 {
        add(&mut index, &message(place(1, seq), &text));
        while tend(&mut index).unwrap() {}
    }
    index.written = 0;
    add(&mut index, &message(place(1, 6_000), &text));
    assert_eq!(index.written, 1);
    assert!(index.values.len() < 50, "{} values", index.values.len());
    let found = find(
        &index,
        &Query::parse("potas"),
        &Filter::default(),
        None,
        9_000,
    );
    assert_eq!(found.unwrap().hits.len(), 6_001);
}

#[test]
fn a_removed_message_leaves_no_word_behind() {
    let mut both = Both::default();
    for seq in 0..300 {
        both.put(place(1, seq), plain(seq, "routine words"));
    }
    both.put(place(1, 300), plain(300, "methotrexate given"));
    while tend(&mut both.index).unwrap() {}
    let told = |both: &Both| {
        let has = |value: &Vec<u8>| value.windows(12).any(|w| w == b"methotrexate");
        both.index.values.values().any(has)
    };
    assert!(told(&both));
    assert_eq!(remove(&mut both.index, place(1, 300)), Ok(true));
    assert!(!told(&both));
    assert_eq!(remove(&mut both.index, place(1, 300)), Ok(false));
}

#[test]
fn no_name_of_a_value_tells_a_word() {
    let mut both = Both::default();
    for seq in 0..40 {
        both.put(place(1, seq), plain(seq, "methotrexate"));
    }
    while tend(&mut both.index).unwrap() {}
    for name in both.index.values.keys() {
        let number = name.strip_prefix("x/").unwrap();
        assert!(
            number.len() == 16 && u64::from_str_radix(number, 16).is_ok(),
            "{name}"
        );
    }
}

#[test]
fn what_is_filled_in_is_found_and_cleared_is_gone() {
    let mut both = Both::default();
    let texts: Vec<(Place, Plain)> = (0..5_000)
        .map(|seq| {
            (
                place(2, seq),
                plain(seq, if seq % 1000 == 0 { "Kalium" } else { "no" }),
            )
        })
        .collect();
    for some in texts.chunks(256) {
        let some: Vec<Message<'_>> = some.iter().map(|(at, plain)| message(*at, plain)).collect();
        fill(&mut both.index, &some);
        while tend(&mut both.index).unwrap() {}
    }
    fill(&mut both.index, &[]);
    assert_eq!(
        both.found(&Query::parse("kal"), &Filter::default(), 2)
            .len(),
        5
    );
    clear(&mut both.index);
    assert!(both.index.values.is_empty());
}

#[test]
fn a_value_of_another_kind_is_said_and_not_passed_over() {
    let mut both = Both::default();
    both.put(place(1, 1), plain(1, "k"));
    both.index
        .put("x/0000000000000009".to_owned(), b"{}".to_vec());
    let found = find(&both.index, &Query::parse("k"), &Filter::default(), None, 5);
    assert_eq!(found, Err(Damaged));
    assert_eq!(tend(&mut both.index), Err(Damaged));
    assert_eq!(remove(&mut both.index, place(1, 2)), Err(Damaged));
}
