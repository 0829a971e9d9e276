//! Orders about records, on their way to the record keeper and back. One file for each operation.
//!
//! The server carries signed statements and says what policies say of who hands them in. It decides
//! nothing about records: whether an order counts is for the record keeper, which goes by the
//! signatures of devices and by what its own host says, and what it did is believed by its signature.
//!
//! What people write (cases, reasons) and whom an order is about is in the statement, which is stored
//! sealed. The audit log has a statement's mark and counts: the log goes to people who must not learn of
//! a claim, and its hash alone would let somebody confirm a guessed reason.

pub(crate) mod hand_in;
pub(crate) mod list;

use wardline_model::statement::{Came, Scope, SignedStatement, Statement};
use wardline_model::{B64, UserId};
use wardline_policy::Resource;
use wardline_store::Tx;

use crate::caller::Caller;
use crate::gate::Note;
use crate::problem::Refusal;

/// What the record keeper said last of whom and what it goes by.
#[derive(Debug, Default)]
pub(crate) struct InForce {
    pub(crate) signed: Option<SignedStatement>,
    pub(crate) officers: Vec<UserId>,
    pub(crate) custodians: Vec<UserId>,
}

impl InForce {
    pub(crate) async fn read(tx: &mut Tx) -> Result<Self, Refusal> {
        let signed = tx.record_results(IN_FORCE).await?.into_iter().next();
        Ok(
            signed.map_or_else(Self::default, |signed| match &signed.statement {
                Statement::InForce {
                    officers,
                    custodians,
                    ..
                } => Self {
                    officers: officers.clone(),
                    custodians: custodians.clone(),
                    signed: Some(signed),
                },
                _ => Self::default(),
            }),
        )
    }

    /// What policies are asked about, for somebody who asks.
    pub(crate) fn resource(&self, user: UserId) -> Resource {
        Resource::Records {
            custodian: self.custodians.contains(&user),
        }
    }
}

/// Whether somebody may order, by the role that the policies ask for.
pub(crate) fn is_officer(caller: &Caller) -> bool {
    let person = caller.asker().person.as_ref();
    person.is_some_and(|person| person.roles.contains(OFFICER))
}

/// The name of what a statement is, in the store and in the log.
pub(crate) const fn kind(statement: &Statement) -> &'static str {
    match statement {
        Statement::Hold { .. } => "hold",
        Statement::EndHold { .. } => "end_hold",
        Statement::Export { .. } => "export",
        Statement::Release { .. } => "release",
        Statement::Approval { .. } => APPROVAL,
        Statement::CustodianKey { .. } => "custodian_key",
        Statement::Share { .. } => SHARE,
        Statement::Destruction { .. } => DESTRUCTION,
        Statement::Exported { .. } => "exported",
        Statement::Outcome { .. } => OUTCOME,
        Statement::InForce { .. } => IN_FORCE,
    }
}

/// A statement's mark, for the log.
pub(crate) fn mark(signed: &SignedStatement) -> String {
    B64(signed.mark().to_vec()).encode()
}

/// What the log says of a statement: its mark, what it is, and how much it names.
pub(crate) fn put(note: &mut Note, signed: &SignedStatement) {
    note.put("statement", mark(signed))
        .put("type", kind(&signed.statement));
    match &signed.statement {
        Statement::Hold { scope, .. } | Statement::Export { scope, .. } => put_scope(note, scope),
        Statement::Release { device, .. } => {
            note.put("device", device.to_string());
        }
        Statement::Share { custodian, .. } => {
            note.put("user", custodian.to_string());
        }
        Statement::Destruction {
            group,
            from,
            until,
            count,
            ids,
            rule,
        } => {
            note.put("group", group.to_string())
                .put("from", *from)
                .put("until", *until)
                .put("count", *count)
                .put("digest", ids.encode())
                .put("rule", rule.as_str());
        }
        Statement::Outcome {
            came:
                Came::Exported {
                    manifest,
                    files,
                    entries,
                },
            ..
        } => {
            note.put("manifest", manifest.encode())
                .put("files", *files)
                .put("entries", *entries);
        }
        Statement::InForce {
            days,
            officers,
            custodians,
            needed,
            ..
        } => {
            let rules: Vec<String> = days
                .iter()
                .map(|(rule, days)| format!("{rule}: {days} days"))
                .collect();
            let ids = |people: &[UserId]| people.iter().map(UserId::to_string).collect::<Vec<_>>();
            note.put("rules", rules)
                .put("officers", ids(officers))
                .put("custodians", ids(custodians))
                .put("needed", *needed);
        }
        _ => {}
    }
}

fn put_scope(note: &mut Note, scope: &Scope) {
    note.put("conversations", scope.groups.len())
        .put("people", scope.people.len())
        .put("patients", scope.patients.len());
}

/// How an order stands, as the store has it.
pub(crate) const WAITING: &str = "waiting";
pub(crate) const HELD: &str = "held";
pub(crate) const ENDED: &str = "ended";
pub(crate) const DONE: &str = "done";
pub(crate) const REFUSED: &str = "refused";

/// The role of those who may order.
pub(crate) const OFFICER: &str = "privacy_officer";
/// The longest lists of a scope, and the largest statement in bytes.
pub(crate) const LONGEST_LIST: usize = 200;
pub(crate) const LARGEST: usize = 64 << 10;
pub(crate) const IN_FORCE: &str = "in_force";
pub(crate) const DESTRUCTION: &str = "destruction";
pub(crate) const APPROVAL: &str = "approval";
pub(crate) const OUTCOME: &str = "outcome";
pub(crate) const SHARE: &str = "share";
