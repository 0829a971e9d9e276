//! [`Roles`]: who is on call, by what devices signed, as the keeper has verified it.
//!
//! The server hands these statements out and can hold some back, so what was taken once is kept: a
//! statement is replaced by a later one of somebody with the right to make it, and by nothing else.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use wardline_client::{Client, ClientError, Platform};
use wardline_model::endorsement::Duty;
use wardline_model::turns::{SignedTurns, TurnOrder};
use wardline_model::{DeviceId, RoleSlug, UserId};
use wardline_roster::signed::{self, By};
use wardline_roster::slot::{Turn, Window};

/// A statement that was verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Verified {
    order: TurnOrder,
    user: UserId,
    duty: Duty,
}

/// What the keeper knows of who is on call.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Roles {
    orders: Vec<Verified>,
    /// When the keeper first heard of devices of people who have turns, unix milliseconds.
    heard: BTreeMap<DeviceId, u64>,
}

impl Roles {
    /// Takes in what the server has that is not here yet. What cannot be verified is left out, and is
    /// tried again as long as the server has it.
    ///
    /// # Errors
    /// What may pass, such as no connection.
    pub async fn take_in<P: Platform>(
        &mut self,
        client: &mut Client<P>,
        now_ms: u64,
    ) -> Result<(), ClientError> {
        for SignedTurns { order, signature } in client.turn_orders().await? {
            if self.orders.iter().any(|known| known.order == order) {
                continue;
            }
            let signed = SignedTurns { order, signature };
            match client.turns_signer(&signed).await {
                Ok((user, duty)) => self.add(signed.order, user, duty),
                Err(error) if error.is_transient() => return Err(error),
                Err(_) => {}
            }
        }
        self.orders
            .retain(|known| known.order.until.saturating_add(KEPT_MS) > now_ms);
        Ok(())
    }

    fn add(&mut self, order: TurnOrder, user: UserId, duty: Duty) {
        self.orders.push(Verified { order, user, duty });
    }

    /// Notes since when a device is known.
    pub fn hear(&mut self, device: DeviceId, now_ms: u64) {
        self.heard.entry(device).or_insert(now_ms);
    }

    /// Since when a device is known, unix milliseconds.
    pub fn heard(&self, device: DeviceId) -> Option<u64> {
        self.heard.get(&device).copied()
    }

    /// The turns of a role.
    pub fn turns(&self, role: &RoleSlug) -> Vec<Turn> {
        let orders = self.orders.iter().map(|known| {
            let by = match known.duty {
                Duty::Schedules | Duty::Endorses => By::Scheduler,
                // A program has no turns, and has to be able to give none away.
                Duty::None | Duty::KeepsRecords | Duty::Bot => By::Holder(known.user),
            };
            (&known.order, by)
        });
        signed::settle(role, orders)
    }

    /// The people who have turns of any role between two times, unix milliseconds.
    pub fn people(&self, from_ms: u64, until_ms: u64) -> BTreeSet<UserId> {
        let turns = self.orders.iter().flat_map(|known| &known.order.turns);
        turns
            .filter(|turn| turn.from < until_ms && from_ms < turn.until)
            .map(|turn| turn.user_id)
            .collect()
    }
}

/// A role at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duties {
    turns: Vec<Turn>,
    now_ms: u64,
    overlap_ms: u64,
    lead_ms: u64,
}

impl Duties {
    /// A role's turns as they are at a moment. Whoever goes off stays for `overlap_ms`; whoever a
    /// member lets in within `lead_ms` before their turn comes for it.
    pub const fn new(turns: Vec<Turn>, now_ms: u64, overlap_ms: u64, lead_ms: u64) -> Self {
        Self {
            turns,
            now_ms,
            overlap_ms,
            lead_ms,
        }
    }

    /// Who has it now.
    pub fn holder(&self) -> Option<UserId> {
        signed::holder(&self.turns, self.now_ms)
    }

    /// Whether somebody has it, has handed it over so recently that they stay, or takes it over soon.
    pub fn stays(&self, user: UserId) -> bool {
        let since_ms = self.now_ms.saturating_sub(self.overlap_ms);
        let until_ms = self.now_ms.saturating_add(1).saturating_add(self.lead_ms);
        Window::new(since_ms, until_ms)
            .is_some_and(|window| signed::holds_within(&self.turns, user, window))
    }

    /// When to look again: as the role passes on, or as somebody's time to stay is over.
    pub fn next(&self) -> Option<u64> {
        let passes = |after_ms| signed::next_handover(&self.turns, after_ms).map(|next| next.at_ms);
        let comes = passes(self.now_ms);
        let goes = passes(
            self.now_ms
                .saturating_sub(self.overlap_ms)
                .saturating_sub(1),
        )
        .map(|at_ms| at_ms.saturating_add(self.overlap_ms))
        .filter(|at_ms| *at_ms > self.now_ms);
        comes.into_iter().chain(goes).min()
    }
}

/// How long what was signed is kept after its time.
const KEPT_MS: u64 = 30 * 24 * 60 * 60 * 1000;

#[cfg(test)]
mod tests {
    use wardline_model::turns::SignedTurn;

    use super::*;

    const ADA: UserId = UserId::from_bytes([1; 16]);
    const BEN: UserId = UserId::from_bytes([2; 16]);
    const CY: UserId = UserId::from_bytes([3; 16]);

    fn role() -> RoleSlug {
        "cardiology".parse().unwrap()
    }

    fn order(issued_at: u64, turns: &[(UserId, u64, u64)]) -> TurnOrder {
        TurnOrder {
            v: 1,
            kind: TurnOrder::TYPE.to_owned(),
            role: role(),
            from: 0,
            until: 1000,
            turns: turns
                .iter()
                .map(|(user_id, from, until)| SignedTurn {
                    user_id: *user_id,
                    from: *from,
                    until: *until,
                })
                .collect(),
            signer: DeviceId::from_bytes([9; 16]),
            issued_at,
        }
    }

    #[test]
    fn only_a_scheduler_says_who_is_on_call() {
        let mut roles = Roles::default();
        roles.add(order(5, &[(CY, 0, 1000)]), CY, Duty::None);
        roles.add(order(5, &[(CY, 0, 1000)]), CY, Duty::KeepsRecords);
        assert!(roles.turns(&role()).is_empty(), "nobody gives Cy the role");
        roles.add(
            order(1, &[(ADA, 0, 500), (BEN, 500, 1000)]),
            CY,
            Duty::Schedules,
        );
        let at = |roles: &Roles, now| Duties::new(roles.turns(&role()), now, 0, 0).holder();
        assert_eq!((at(&roles, 10), at(&roles, 600)), (Some(ADA), Some(BEN)));
        // Ben gives his turn to Cy; not Ada's.
        roles.add(order(7, &[(CY, 0, 1000)]), BEN, Duty::None);
        assert_eq!((at(&roles, 10), at(&roles, 600)), (Some(ADA), Some(CY)));
        // An officer's word counts like a scheduler's.
        roles.add(order(8, &[(BEN, 0, 1000)]), ADA, Duty::Endorses);
        assert_eq!((at(&roles, 10), at(&roles, 600)), (Some(BEN), Some(BEN)));
    }

    #[test]
    fn whoever_goes_off_stays_for_the_hospitals_time() {
        let mut roles = Roles::default();
        roles.add(
            order(1, &[(ADA, 0, 500), (BEN, 500, 1000)]),
            CY,
            Duty::Schedules,
        );
        let duties = |now| Duties::new(roles.turns(&role()), now, 30, 20);
        assert!(duties(10).stays(ADA) && !duties(10).stays(BEN));
        assert!(
            !duties(479).stays(BEN) && duties(480).stays(BEN),
            "a member lets him in"
        );
        assert_eq!(duties(480).holder(), Some(ADA));
        assert_eq!(duties(10).next(), Some(500));
        assert_eq!(duties(500).holder(), Some(BEN));
        assert!(duties(500).stays(ADA) && duties(529).stays(ADA));
        assert_eq!(duties(500).next(), Some(530));
        assert!(!duties(530).stays(ADA) && duties(530).stays(BEN));
        assert_eq!(duties(531).next(), Some(1000));
    }
}
