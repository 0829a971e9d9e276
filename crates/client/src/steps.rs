//! When the others came as far as they are, as this device heard it: a receipt says how far, and when
//! its last step was. What stands before that step was reached by then, and maybe earlier.

use wardline_model::wire::messages::Receipt;
use wardline_model::{GroupId, UserId};

use crate::client::Client;
use crate::conversation::Record;
use crate::error::ClientError;
use crate::platform::Platform;
use crate::vault::Vault;

/// The vault's names of a person's steps in a conversation.
const STEPS: &str = "r/";
/// Steps of each kind that are remembered of one person in one conversation.
const MOST: usize = 64;

/// Places and when they were reached, unix milliseconds, in order: delivered, read, acknowledged.
pub(crate) type Steps = [Vec<(u64, u64)>; 3];

impl<P: Platform> Client<P> {
    /// Notes how far another person has come, where a receipt says more than the conversation's record.
    pub(crate) fn note_steps(
        &mut self,
        group: GroupId,
        record: Option<&Record>,
        told: &Receipt,
    ) -> Result<(), ClientError> {
        let user = told.user_id;
        // Nobody asks the record keeper, and everybody knows how far they are themselves.
        if self.keeps_records || user == self.profile()?.user.id {
            return Ok(());
        }
        let known = record.and_then(|record| record.receipt(user));
        let known = known.map_or([0; 3], |known| parts(known).map(|(place, _)| place));
        let vault = &mut self.opened()?.vault;
        let mut found = None;
        for (kind, (place, at)) in parts(told).into_iter().enumerate() {
            if let Some(at) = at.filter(|_| place > known[kind]) {
                let steps = found.get_or_insert_with(|| steps(vault, group, user));
                add(&mut steps[kind], place, at);
            }
        }
        if let Some(steps) = found {
            vault.put(name(group, user), &steps);
        }
        Ok(())
    }
}

/// What is known of a person's steps in a conversation.
pub(crate) fn steps(vault: &Vault, group: GroupId, user: UserId) -> Steps {
    vault.get(&name(group, user)).unwrap_or_default()
}

/// By when a place was reached. Steps before the first of those that are remembered may be forgotten, and
/// so its time is not told for all that lies before it.
pub(crate) fn reached_by(steps: &[(u64, u64)], place: u64) -> Option<u64> {
    let first = steps.iter().position(|(reached, _)| *reached >= place)?;
    (first > 0 || steps.len() < MOST).then(|| steps[first].1)
}

fn add(steps: &mut Vec<(u64, u64)>, place: u64, at: u64) {
    if steps.last().is_none_or(|(last, _)| *last < place) {
        steps.push((place, at));
    }
    if steps.len() > MOST {
        steps.remove(0);
    }
}

fn parts(receipt: &Receipt) -> [(u64, Option<u64>); 3] {
    [
        (receipt.delivered, receipt.delivered_at),
        (receipt.read, receipt.read_at),
        (receipt.acknowledged, receipt.acknowledged_at),
    ]
}

fn name(group: GroupId, user: UserId) -> String {
    [STEPS, &group.to_string(), "/", &user.to_string()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_was_reached_by_the_first_step_that_covers_it() {
        let mut steps = Vec::new();
        assert_eq!(reached_by(&steps, 1), None);
        for (place, at) in [(4, 10), (4, 11), (7, 20), (6, 21)] {
            add(&mut steps, place, at);
        }
        assert_eq!(steps, [(4, 10), (7, 20)], "nobody goes back");
        for (place, at) in [
            (1, Some(10)),
            (4, Some(10)),
            (5, Some(20)),
            (7, Some(20)),
            (8, None),
        ] {
            assert_eq!(reached_by(&steps, place), at, "{place}");
        }
    }

    #[test]
    fn what_lies_before_the_steps_that_are_remembered_has_no_time() {
        let mut steps = Vec::new();
        for place in 1..=100 {
            add(&mut steps, place, place * 10);
        }
        assert_eq!((steps.len(), steps[0]), (MOST, (37, 370)));
        assert_eq!(reached_by(&steps, 37), None);
        assert_eq!(reached_by(&steps, 38), Some(380));
    }
}
