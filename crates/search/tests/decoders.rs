//! No input makes the decoder panic.

use std::collections::BTreeMap;

use wardline_fuzz::corpus;
use wardline_search::{Message, Place, Values, add, fill, fuzz};

#[derive(Default)]
struct Memory(BTreeMap<String, Vec<u8>>);

impl Values for Memory {
    fn range<'a>(
        &'a self,
        prefix: &'static str,
    ) -> impl DoubleEndedIterator<Item = (&'a str, &'a [u8])> {
        self.0
            .range(prefix.to_owned()..)
            .take_while(move |(name, _)| name.starts_with(prefix))
            .map(|(name, value)| (name.as_str(), value.as_slice()))
            .collect::<Vec<_>>()
            .into_iter()
    }

    fn put(&mut self, name: String, value: Vec<u8>) {
        self.0.insert(name, value);
    }

    fn delete(&mut self, name: &str) {
        self.0.remove(name);
    }
}

#[test]
fn segments_are_read_or_refused() {
    let message = |n: u8, text| Message {
        place: Place {
            group: [n; 16],
            seq: u64::from(n) << 20,
        },
        from: n.is_multiple_of(2).then_some([9; 16]),
        sent_at: 1_790_000_000_000 + u64::from(n),
        text,
    };
    let mut memory = Memory::default();
    add(
        &mut memory,
        &message(1, "Potassium is 6.8, K again at noon"),
    );
    fill(
        &mut memory,
        &[
            message(2, "potassium"),
            message(3, "Kalium"),
            message(4, ""),
            message(4, "kappa kalium"),
        ],
    );
    corpus!("segment")
        .seeds(memory.0.into_values())
        .cases(20_000)
        .run(fuzz::segment);
}
