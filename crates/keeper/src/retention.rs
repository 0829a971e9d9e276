//! How long what is kept is kept, and what holds it: pure values.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use wardline_client::records::Batch;
use wardline_model::UserId;
use wardline_model::statement::{Scope, SignedStatement, Statement};
use wardline_model::wire::groups::GroupKind;

/// Six years, as 45 CFR 164.316(b)(2)(i) asks for documentation.
pub const DEFAULT_DAYS: u32 = 2_192;
/// What may be set: from a month, in which nobody has noticed a wrong setting yet, to a century.
pub const BOUNDS_DAYS: std::ops::RangeInclusive<u32> = 30..=36_525;

/// Days for which messages are kept, by kind of conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retention {
    /// Where nothing else is said.
    pub days: u32,
    /// Of two people.
    pub direct_days: Option<u32>,
    /// Of some people.
    pub group_days: Option<u32>,
    /// Of a role.
    pub role_days: Option<u32>,
    /// Of a care team.
    pub team_days: Option<u32>,
}

/// A setting outside [`BOUNDS_DAYS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("messages are kept for 30 to 36525 days, not for {0}")]
pub struct OutOfBounds(pub u32);

impl Default for Retention {
    fn default() -> Self {
        Self {
            days: DEFAULT_DAYS,
            direct_days: None,
            group_days: None,
            role_days: None,
            team_days: None,
        }
    }
}

impl Retention {
    /// Whether everything is within bounds.
    ///
    /// # Errors
    /// Names the first that is not.
    pub fn check(&self) -> Result<(), OutOfBounds> {
        let all = [
            Some(self.days),
            self.direct_days,
            self.group_days,
            self.role_days,
            self.team_days,
        ];
        match all.into_iter().flatten().find(|d| !BOUNDS_DAYS.contains(d)) {
            Some(days) => Err(OutOfBounds(days)),
            None => Ok(()),
        }
    }

    /// How long a kind of conversation is kept, and the rule's name. Where the kind is not known,
    /// as long as any.
    pub fn of(&self, kind: Option<GroupKind>) -> (u32, &'static str) {
        let or = |days: Option<u32>| days.unwrap_or(self.days);
        match kind {
            Some(GroupKind::Direct) => (or(self.direct_days), "direct"),
            Some(GroupKind::Group | GroupKind::Broadcast) => (or(self.group_days), "group"),
            Some(GroupKind::Role) => (or(self.role_days), "role"),
            Some(GroupKind::Team | GroupKind::Code) => (or(self.team_days), "team"),
            Some(GroupKind::Keeper) | None => {
                let all = [
                    Some(self.days),
                    self.direct_days,
                    self.group_days,
                    self.role_days,
                    self.team_days,
                ];
                (all.into_iter().flatten().max().unwrap_or(self.days), "any")
            }
        }
    }

    /// The rules by name, and for how many days each keeps messages.
    pub fn told(&self) -> Vec<(String, u64)> {
        [
            GroupKind::Direct,
            GroupKind::Group,
            GroupKind::Role,
            GroupKind::Team,
        ]
        .map(|kind| {
            let (days, rule) = self.of(Some(kind));
            (rule.to_owned(), u64::from(days))
        })
        .into()
    }

    /// Whether a batch's time is over, and by which rule.
    pub fn ended(&self, batch: &Batch, kind: Option<GroupKind>, now_ms: u64) -> Option<String> {
        let (days, rule) = self.of(kind);
        let end = batch.until.saturating_add(u64::from(days) * DAY_MS);
        (end <= now_ms).then(|| format!("{rule}: {days} days"))
    }
}

/// Legal holds, by the hash of the order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holds(BTreeMap<String, Hold>);

/// A hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// The order.
    pub order: SignedStatement,
    /// The order that ended it.
    pub ended: Option<SignedStatement>,
}

impl Holds {
    /// Begins a hold, once two people agreed.
    pub fn begin(&mut self, order: &SignedStatement) {
        let hold = || Hold {
            order: order.clone(),
            ended: None,
        };
        self.0.entry(hex(&order.hash())).or_insert_with(hold);
    }

    /// Ends one; nothing where there is no such hold.
    pub fn end(&mut self, hold: &[u8], order: &SignedStatement) {
        if let Some(hold) = self.0.get_mut(&hex(hold)) {
            hold.ended.get_or_insert_with(|| order.clone());
        }
    }

    /// Whether there is one, over or not.
    pub fn has(&self, hold: &[u8]) -> bool {
        self.0.contains_key(&hex(hold))
    }

    /// All of them, those that are over included.
    pub fn all(&self) -> impl Iterator<Item = &Hold> {
        self.0.values()
    }

    /// What is covered now.
    pub fn scopes(&self) -> impl Iterator<Item = &Scope> {
        let standing = self.0.values().filter(|hold| hold.ended.is_none());
        standing.filter_map(|hold| match &hold.order.statement {
            Statement::Hold { scope, .. } => Some(scope),
            _ => None,
        })
    }

    /// Whether a batch is held. `is_member` says who was in the conversation, writers aside.
    pub fn cover(&self, batch: &Batch, is_member: impl Fn(&UserId) -> bool) -> bool {
        self.scopes().any(|scope| covers(scope, batch, &is_member))
    }
}

/// Whether a scope covers a batch.
pub fn covers(scope: &Scope, batch: &Batch, is_member: impl Fn(&UserId) -> bool) -> bool {
    let there = |user: &UserId| batch.people.contains(user) || is_member(user);
    let within = |time| scope.covers(batch.group, there, batch.patient.as_ref(), time);
    // When something was sent is the server's word, and when it came may be later.
    within((batch.from, batch.until))
        || batch
            .elsewhere
            .iter()
            .any(|(_, at)| within((*at, at.saturating_add(1))))
}

/// Why an order is not carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NotAgreed {
    /// Who asked may not.
    #[error("the record keeper's host does not name who ordered it as an officer")]
    Orderer,
    /// Too few of those who may have agreed.
    #[error("too few have agreed")]
    TooFew,
}

/// Who agreed to an order, each once: people who may, and not who ordered it. Of a person's agreements
/// the newest counts.
pub fn agreed<'a>(
    order: &SignedStatement,
    statements: impl IntoIterator<Item = &'a SignedStatement>,
    may: impl Fn(&UserId) -> bool,
) -> BTreeMap<UserId, &'a SignedStatement> {
    let hash = order.hash();
    let mut agreed = BTreeMap::new();
    for statement in statements {
        let Statement::Approval { order: of, .. } = &statement.statement else {
            continue;
        };
        let counts = of.0 == hash
            && statement.user_id != order.user_id
            && statement.device_id != order.device_id
            && statement.issued_at >= order.issued_at
            && statement.issued_at - order.issued_at <= LIFETIME_MS
            && may(&statement.user_id);
        if counts {
            let newest = agreed.entry(statement.user_id).or_insert(statement);
            if statement.issued_at > newest.issued_at {
                *newest = statement;
            }
        }
    }
    agreed
}

/// Bytes as text.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String has no way to fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// How long after an order somebody can agree to it.
pub const LIFETIME_MS: u64 = 30 * DAY_MS;
const DAY_MS: u64 = 24 * 60 * 60 * 1000;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use wardline_model::{B64, DeviceId, GroupId, MessageId};

    use super::*;

    fn user(number: u8) -> UserId {
        UserId::from_bytes([number; 16])
    }

    fn batch() -> Batch {
        Batch {
            group: GroupId::from_bytes([7; 16]),
            from: 0,
            until: 7 * DAY_MS,
            kind: Some(GroupKind::Direct),
            patient: None,
            ids: Vec::new(),
            elsewhere: Vec::new(),
            people: BTreeSet::from([user(1)]),
        }
    }

    fn by(number: u8, statement: Statement) -> SignedStatement {
        SignedStatement {
            v: 1,
            statement,
            user_id: user(number),
            device_id: DeviceId::from_bytes([number; 16]),
            issued_at: 5,
            signature: B64(Vec::new()),
        }
    }

    fn hold(scope: Scope) -> SignedStatement {
        by(
            1,
            Statement::Hold {
                case: "2026-17".to_owned(),
                reason: "Notice of claim".to_owned(),
                scope,
            },
        )
    }

    fn approval(number: u8, order: &SignedStatement) -> SignedStatement {
        by(
            number,
            Statement::Approval {
                order: B64(order.hash().to_vec()),
                reason: "Seen the notice".to_owned(),
                share: None,
            },
        )
    }

    #[test]
    fn what_was_said_last_in_a_period_is_kept_as_long_as_the_rule_says() {
        let rule = Retention {
            days: 365,
            direct_days: Some(30),
            ..Retention::default()
        };
        rule.check().unwrap();
        let batch = batch();
        let ended = |kind, day| rule.ended(&batch, kind, day * DAY_MS);
        assert_eq!(ended(Some(GroupKind::Direct), 36), None);
        let told = ended(Some(GroupKind::Direct), 37);
        assert_eq!(told.as_deref(), Some("direct: 30 days"));
        assert_eq!(ended(Some(GroupKind::Team), 37), None);
        assert_eq!(ended(None, 37), None, "what nobody knows is kept longest");
        assert!(ended(None, 372).is_some());
    }

    #[test]
    fn nobody_sets_a_day_or_a_thousand_years() {
        for days in [0, 29, 36_526] {
            let rule = Retention {
                team_days: Some(days),
                ..Retention::default()
            };
            assert_eq!(rule.check(), Err(OutOfBounds(days)));
        }
        Retention::default().check().unwrap();
    }

    #[test]
    fn a_hold_covers_until_it_is_ended() {
        let mut holds = Holds::default();
        let order = hold(Scope {
            people: vec![user(3)],
            ..Scope::default()
        });
        holds.begin(&order);
        let member = |user_: &UserId| *user_ == user(3);
        assert!(holds.cover(&batch(), member));
        assert!(!holds.cover(&batch(), |_| false));
        let end = by(
            2,
            Statement::EndHold {
                hold: B64(order.hash().to_vec()),
                reason: "Settled".to_owned(),
            },
        );
        holds.end(&[0; 32], &end);
        assert!(holds.cover(&batch(), member), "of another hold");
        holds.end(&order.hash(), &end);
        assert!(!holds.cover(&batch(), member));
        // The order again does not begin it anew.
        holds.begin(&order);
        assert!(!holds.cover(&batch(), member));
    }

    #[test]
    fn what_is_said_to_be_older_than_it_is_escapes_no_hold() {
        let mut batch = batch();
        (batch.from, batch.until) = (70 * DAY_MS, 77 * DAY_MS);
        batch.elsewhere = vec![(MessageId::from_bytes([4; 16]), 5)];
        let held = |from, until| {
            let scope = Scope {
                from,
                until,
                ..Scope::default()
            };
            covers(&scope, &batch, |_| true)
        };
        assert!(held(Some(70 * DAY_MS), None), "it came then");
        assert!(held(None, Some(6)), "it was sent then, as the server says");
        assert!(!held(Some(6), Some(70 * DAY_MS)));
    }

    #[test]
    fn nobody_agrees_to_what_they_ordered_nor_twice_nor_to_something_else() {
        let order = hold(Scope::default());
        let other = hold(Scope {
            from: Some(1),
            ..Scope::default()
        });
        let statements = [
            approval(1, &order),
            approval(2, &other),
            approval(3, &order),
            approval(3, &order),
            approval(4, &order),
        ];
        let may = |user_: &UserId| *user_ != user(4);
        let agreed = agreed(&order, &statements, may);
        assert_eq!(agreed.keys().copied().collect::<Vec<_>>(), [user(3)]);
        let mut newer = approval(3, &order);
        newer.issued_at += 1;
        for both in [[&newer, &statements[2]], [&statements[2], &newer]] {
            assert_eq!(super::agreed(&order, both, |_| true)[&user(3)], &newer);
        }
        let mut late = approval(3, &order);
        late.issued_at = 6 + LIFETIME_MS;
        assert!(super::agreed(&order, [&late], |_| true).is_empty());
    }
}
