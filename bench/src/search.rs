//! Search over the messages of a device, beside a look at every message.

use std::collections::BTreeMap;
use std::hint::black_box;

use wardline_client::vault::{StoreKey, Vault};
use wardline_search::{Filter, Message, Place, Query, fill, find, tend};

use crate::bench::{Bench, Outcome};
use crate::clock::timed;
use crate::report::{Figure, Row, Section, Target};
use crate::stats::{Sample, ms};

/// Longest that a search may take, in milliseconds.
const LIMIT: f64 = 100.0;
/// Messages on the device, and words of each.
const MESSAGES: u64 = 50_000;
const WORDS: usize = 12;
/// Different words that people use; the first is the most frequent (Zipf).
const VOCABULARY: u64 = 20_000;
/// How often each way is taken.
const ROUNDS: usize = 200;
/// Looks at every message take far longer.
const LOOKS: usize = 20;
/// Messages indexed at a time when a store from before is read.
const STEP: usize = 256;
/// Hits of a page.
const PAGE: usize = 30;

/// Indexes a device's messages in its sealed store, and looks for some, on one core.
pub(crate) fn run(bench: &Bench) -> Outcome<Section> {
    let mut random = Random(0x5EED);
    let texts: Vec<String> = (0..MESSAGES).map(|_| text(&mut random)).collect();
    let key = StoreKey::derive(&[1; 32], &[2; 32], "bench");
    let mut vault = Vault::open(key, &BTreeMap::new())?;
    let mut steps = Vec::new();
    let messages: Vec<Message<'_>> = texts.iter().zip(0..).map(message).collect();
    for some in messages.chunks(STEP) {
        let (done, took) = timed(|| {
            fill(&mut vault, some);
            tend(&mut vault)
        });
        done?;
        steps.push(took);
    }
    while tend(&mut vault)? {}
    let (mut ours, mut first, mut theirs) = (Vec::new(), Vec::new(), Vec::new());
    let filter = Filter::default();
    for _ in 0..bench.rounds(ROUNDS) {
        let query = Query::parse(&typed(&texts, &mut random));
        let (found, took) = timed(|| find(&vault, &query, &filter, None, PAGE));
        if found?.hits.is_empty() {
            return Err("a message that is there was not found".into());
        }
        ours.push(took);
        let letter = Query::parse(&word(random.below(VOCABULARY))[..1]);
        let (found, took) = timed(|| find(&vault, &letter, &filter, None, PAGE));
        black_box(found?);
        first.push(took);
    }
    for _ in 0..bench.rounds(LOOKS) {
        let query = Query::parse(&typed(&texts, &mut random));
        let look = || texts.iter().filter(|text| query.matches(text)).count();
        let (found, took) = timed(look);
        black_box(found);
        theirs.push(took);
    }
    let stored = texts.iter().map(String::len).sum::<usize>();
    let kept = vault
        .range("x/")
        .map(|(_, value)| value.len())
        .sum::<usize>();
    let (ours, first) = (Sample::new(ours), Sample::new(first));
    let (theirs, steps) = (Sample::new(theirs), Sample::new(steps));
    let limit = || Figure::new(LIMIT, "ms");
    Ok(Section {
        title: "Search: 50,000 messages on a device, one core",
        rows: vec![
            Row::new(
                "two words, the second half typed, p99",
                Figure::new(ms(ours.percentile(99)), "ms"),
                "limit",
                limit(),
            )
            .target(Target::AtMost(1.0)),
            Row::new(
                "one letter, p99",
                Figure::new(ms(first.percentile(99)), "ms"),
                "limit",
                limit(),
            )
            .target(Target::AtMost(1.0)),
            Row::new(
                "two words, the second half typed, median",
                Figure::new(ms(ours.median()), "ms"),
                "a look at every message, median",
                Figure::new(ms(theirs.median()), "ms"),
            ),
            Row::new(
                "the longest step of indexing",
                Figure::new(ms(steps.percentile(100)), "ms"),
                "limit of a search",
                limit(),
            ),
            Row::new("the index", bytes(kept)?, "the texts", bytes(stored)?),
        ],
        notes: vec![
            "Twelve words a message out of 20,000, by Zipf. The index is in the client's vault, \
             opened; a look at every message compares words as the index does, and reads the texts \
             from memory where the client would take them out of their records first. A step indexes \
             256 messages and merges at most once."
                .to_owned(),
        ],
    })
}

fn message((text, n): (&String, u64)) -> Message<'_> {
    let [group, writer] = [(n % 200).to_le_bytes()[0], (n % 47).to_le_bytes()[0]];
    Message {
        place: Place {
            group: [group; 16],
            seq: n,
        },
        from: Some([writer; 16]),
        sent_at: 1_767_225_600_000 + n * 60_000,
        text,
    }
}

fn text(random: &mut Random) -> String {
    let words: Vec<String> = (0..WORDS).map(|_| word(random.rank())).collect();
    words.join(" ")
}

/// The word of a rank: syllables, few for what is frequent.
fn word(rank: u64) -> String {
    const FIRST: [&str; 16] = [
        "b", "d", "f", "g", "h", "k", "l", "m", "n", "p", "r", "s", "t", "v", "w", "z",
    ];
    const THEN: [&str; 5] = ["a", "e", "i", "o", "u"];
    let mut word = String::new();
    let mut left = rank + 1;
    while left > 0 {
        word.push_str(FIRST[place(left % 16)]);
        word.push_str(THEN[place(left / 16 % 5)]);
        left /= 80;
    }
    word
}

/// Two words of a message, the second not typed to its end.
fn typed(texts: &[String], random: &mut Random) -> String {
    let text = &texts[place(random.below(MESSAGES))];
    let words: Vec<&str> = text.split(' ').collect();
    let half = &words[7][..words[7].len().div_ceil(2)];
    format!("{} {half}", words[3])
}

/// A place in a list; the remainders that become one are small.
fn place(remainder: u64) -> usize {
    usize::try_from(remainder).unwrap_or_default()
}

fn bytes(count: usize) -> Outcome<Figure> {
    Ok(Figure::new(f64::from(u32::try_from(count)?) / 1000.0, "kB"))
}

/// The same numbers in each run (xorshift64).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }

    /// A rank with a frequency of about one over it.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "ranks are far below 2^53 and not negative"
    )]
    fn rank(&mut self) -> u64 {
        let share = self.below(1 << 32) as f64 / (1_u64 << 32) as f64;
        ((VOCABULARY as f64).powf(share) as u64).min(VOCABULARY) - 1
    }
}
