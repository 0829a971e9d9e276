//! Signed statements about records: what officers order, who agrees, and what the record keeper did.
//!
//! They travel as files or over any line: each is believed by its signature, the endorsements of the
//! device that made it, and what the record keeper's host says of its person, never by who brought
//! it.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{B64, DeviceId, GroupId, PatientId, UserId};

/// The first bytes of what is signed (domain separation from MLS, endorsements and every other use).
pub const STATEMENT_CONTEXT: &[u8] = b"wardline records statement v1\0";

/// The first bytes of what a mark is the hash of.
const MARK_CONTEXT: &[u8] = b"wardline records mark v1\0";

/// The longest reason or case id, in characters.
pub const LONGEST_REASON: usize = 500;

/// A statement, who makes it, when, and their device's signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SignedStatement {
    /// Format version, 1.
    pub v: u8,
    /// What is stated.
    pub statement: Statement,
    /// Who states it.
    pub user_id: UserId,
    /// On which device.
    pub device_id: DeviceId,
    /// When, unix milliseconds.
    pub issued_at: u64,
    /// Ed25519 over [`SignedStatement::signed_bytes`] by the device's MLS key, 64 bytes.
    pub signature: B64,
}

/// What is stated. What people write in it, and about whom, is in no output that is for finding faults.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Statement {
    /// Nothing within the scope is destroyed, until another order ends it.
    Hold {
        /// The case for which it is.
        case: String,
        /// Why.
        reason: String,
        /// What it covers.
        scope: Scope,
    },
    /// A hold is over.
    EndHold {
        /// The hash of the order that began it.
        hold: B64,
        /// Why.
        reason: String,
    },
    /// What is kept within the scope is to be read.
    Export {
        /// The case for which it is.
        case: String,
        /// Why.
        reason: String,
        /// What is to be read.
        scope: Scope,
    },
    /// A recovered person's device need not wait for its history any longer.
    Release {
        /// The device.
        device: DeviceId,
        /// Why.
        reason: String,
    },
    /// Agreement to an order of somebody else.
    Approval {
        /// The hash of the order.
        order: B64,
        /// Why.
        reason: String,
        /// A custodian's share, sealed for the record keeper and for this order.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        share: Option<Sealed>,
    },
    /// The key to which a custodian's share is to be sealed.
    CustodianKey {
        /// HPKE public key.
        key: B64,
    },
    /// A custodian's share of the export key, by the record keeper.
    Share {
        /// For whom.
        custodian: UserId,
        /// The public export key, 32 bytes: what is exported verifies with it.
        export_key: B64,
        /// The HPKE key of the record keeper, for approvals.
        keeper_key: B64,
        /// The share.
        sealed: Sealed,
    },
    /// What retention ended: the data key is destroyed and the ciphertext removed.
    Destruction {
        /// The conversation.
        group: GroupId,
        /// From when its messages were, unix milliseconds.
        from: u64,
        /// Until when.
        until: u64,
        /// How many entries.
        count: u64,
        /// SHA-256 over their ids, sorted, 16 bytes each.
        ids: B64,
        /// By which rule.
        rule: String,
    },
    /// What was read for a case.
    Exported {
        /// The hash of the order.
        order: B64,
        /// The hashes of the approvals.
        approvals: Vec<B64>,
        /// Each file's name and SHA-256.
        files: Vec<(String, B64)>,
    },
    /// What came of an order, by the record keeper.
    Outcome {
        /// The hash of the order.
        order: B64,
        /// What came of it.
        came: Came,
    },
    /// What the record keeper goes by, as its host says: told so that people can see it.
    InForce {
        /// For how many days messages are kept, by the name of the rule; empty where nothing is ever
        /// destroyed.
        days: Vec<(String, u64)>,
        /// Whose devices order.
        officers: Vec<UserId>,
        /// Who has to agree before anything is read.
        custodians: Vec<UserId>,
        /// How many of them.
        needed: u64,
        /// The public export key, once it is shared out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        export_key: Option<B64>,
    },
}

/// What came of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Came {
    /// The hold is in force.
    Held,
    /// The hold that the order names is over.
    Ended {
        /// The hash of the order that began it.
        hold: B64,
    },
    /// The device gets its history.
    Released,
    /// What was asked for lies on the record keeper's host.
    Exported {
        /// The hash of the manifest.
        manifest: B64,
        /// How many files it lists.
        files: u64,
        /// How many messages are in them.
        entries: u64,
    },
    /// It counts for nothing.
    Refused {
        /// Why.
        why: Refused,
    },
}

/// Why an order or an agreement counts for nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Refused {
    /// The record keeper's host does not name who ordered it.
    NotAnOfficer,
    /// It is not what the device signed, or the device is not its person's, or is out of use.
    NotVerified,
    /// It ends a hold that there is none of.
    NoSuchHold,
    /// Nobody agreed in time.
    TooOld,
}

/// What an order is about: what fits all that is given. Empty lists fit everything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Scope {
    /// Conversations.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<GroupId>,
    /// People who are or were in the conversation.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<UserId>,
    /// Patients whom the conversation is about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub patients: Vec<PatientId>,
    /// From when, unix milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<u64>,
    /// Until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<u64>,
}

/// Something sealed with HPKE (RFC 9180), base mode.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Sealed {
    /// The encapsulated key.
    pub enc: B64,
    /// The ciphertext.
    pub ciphertext: B64,
}

impl fmt::Debug for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hold { .. } => "Hold",
            Self::EndHold { .. } => "EndHold",
            Self::Export { .. } => "Export",
            Self::Release { .. } => "Release",
            Self::Approval { .. } => "Approval",
            Self::CustodianKey { .. } => "CustodianKey",
            Self::Share { .. } => "Share",
            Self::Destruction { .. } => "Destruction",
            Self::Exported { .. } => "Exported",
            Self::Outcome { .. } => "Outcome",
            Self::InForce { .. } => "InForce",
        })
    }
}

impl SignedStatement {
    /// The bytes that are signed: [`STATEMENT_CONTEXT`] and the canonical statement (RFC 8785)
    /// without its signature.
    pub fn signed_bytes(&self) -> Vec<u8> {
        let unsigned = Self {
            signature: B64(Vec::new()),
            ..self.clone()
        };
        signed_bytes_of(&unsigned)
    }

    /// What stands for it: SHA-256 of what is signed.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.signed_bytes()).into()
    }

    /// What stands for it where others may look who must not learn what it says: SHA-256 of its hash
    /// and its signature. Whoever has the statement finds the same; nobody guesses a reason from it,
    /// as one could from the hash alone.
    pub fn mark(&self) -> [u8; 32] {
        let mut mark = Sha256::new();
        mark.update(MARK_CONTEXT);
        mark.update(self.hash());
        mark.update(&self.signature.0);
        mark.finalize().into()
    }

    /// The order that it is about: that an agreement agrees to, that an outcome tells of, that began
    /// the hold which it ends.
    pub const fn about(&self) -> Option<&B64> {
        match &self.statement {
            Statement::Approval { order, .. }
            | Statement::Outcome { order, .. }
            | Statement::Exported { order, .. } => Some(order),
            Statement::EndHold { hold, .. } => Some(hold),
            _ => None,
        }
    }

    /// Whether version, times and texts are such that the signed bytes stand for one statement only.
    pub fn is_well_formed(&self) -> bool {
        let time = |at: &u64| *at < 1 << 53;
        let text = |text: &String| {
            let length = text.trim().chars().count();
            length > 0 && length <= LONGEST_REASON
        };
        let scope = |scope: &Scope| scope.from.iter().chain(&scope.until).all(time);
        let fits = match &self.statement {
            Statement::Hold {
                case,
                reason,
                scope: s,
            }
            | Statement::Export {
                case,
                reason,
                scope: s,
            } => text(case) && text(reason) && scope(s),
            Statement::EndHold { reason, .. }
            | Statement::Release { reason, .. }
            | Statement::Approval { reason, .. } => text(reason),
            Statement::Destruction {
                from,
                until,
                count,
                rule,
                ..
            } => [from, until, count].into_iter().all(time) && text(rule),
            Statement::Outcome {
                came: Came::Exported { files, entries, .. },
                ..
            } => time(files) && time(entries),
            Statement::InForce { days, needed, .. } => {
                time(needed) && days.iter().all(|(rule, days)| text(rule) && time(days))
            }
            Statement::CustodianKey { .. }
            | Statement::Share { .. }
            | Statement::Outcome { .. }
            | Statement::Exported { .. } => true,
        };
        self.v == 1 && time(&self.issued_at) && fits
    }
}

/// What is signed of a statement whose signature is empty, in whichever form it is at hand: the record
/// keeper reads its members, and a browser shows them as they came.
pub fn signed_bytes_of(unsigned: &impl Serialize) -> Vec<u8> {
    let mut bytes = STATEMENT_CONTEXT.to_vec();
    // Strings, lists and integers below 2^53, which `is_well_formed` demands: canonicalisation
    // has no error for them.
    bytes.extend_from_slice(&serde_json_canonicalizer::to_vec(unsigned).unwrap_or_default());
    bytes
}

impl Scope {
    /// Whether a time within `from..until` of a conversation is covered, with the people and the
    /// patient that it had.
    pub fn covers(
        &self,
        group: GroupId,
        people: impl Fn(&UserId) -> bool,
        patient: Option<&PatientId>,
        (from, until): (u64, u64),
    ) -> bool {
        (self.groups.is_empty() || self.groups.contains(&group))
            && (self.people.is_empty() || self.people.iter().any(people))
            && (self.patients.is_empty() || patient.is_some_and(|p| self.patients.contains(p)))
            && self.from.is_none_or(|begin| begin < until)
            && self.until.is_none_or(|end| end > from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hold(scope: Scope) -> SignedStatement {
        SignedStatement {
            v: 1,
            statement: Statement::Hold {
                case: "2026-17".to_owned(),
                reason: "Notice of claim".to_owned(),
                scope,
            },
            user_id: UserId::from_bytes([1; 16]),
            device_id: DeviceId::from_bytes([2; 16]),
            issued_at: 5,
            signature: B64(vec![1; 64]),
        }
    }

    #[test]
    fn the_signature_is_no_part_of_what_is_signed_and_all_else_is() {
        let signed = hold(Scope::default());
        let mut other = signed.clone();
        other.signature = B64(Vec::new());
        assert_eq!(signed.hash(), other.hash());
        other.issued_at += 1;
        assert_ne!(signed.hash(), other.hash());
        let text = serde_json::to_string(&signed).unwrap();
        assert_eq!(
            serde_json::from_str::<SignedStatement>(&text).unwrap(),
            signed
        );
    }

    #[test]
    fn a_mark_is_of_this_signature_and_no_other() {
        let signed = hold(Scope::default());
        let mut other = signed.clone();
        other.signature.0[3] ^= 1;
        assert_eq!(signed.hash(), other.hash());
        assert_ne!(signed.mark(), other.mark());
    }

    #[test]
    fn what_people_write_is_in_no_output_for_finding_faults() {
        let told = format!("{:?}", hold(Scope::default()));
        assert!(told.contains("Hold"), "{told}");
        assert!(
            !told.contains("2026-17") && !told.contains("Notice"),
            "{told}"
        );
    }

    #[test]
    fn a_statement_without_a_reason_or_with_a_time_that_is_none_is_not_well_formed() {
        let mut signed = hold(Scope::default());
        assert!(signed.is_well_formed());
        signed.issued_at = 1 << 53;
        assert!(!signed.is_well_formed());
        signed = hold(Scope::default());
        if let Statement::Hold { reason, .. } = &mut signed.statement {
            *reason = " ".to_owned();
        }
        assert!(!signed.is_well_formed());
    }

    #[test]
    fn a_scope_covers_what_fits_all_of_it() {
        let group = GroupId::from_bytes([7; 16]);
        let (ben, cleo) = (UserId::from_bytes([1; 16]), UserId::from_bytes([2; 16]));
        let covers = |scope: &Scope| scope.covers(group, |u| *u == ben, None, (10, 20));
        assert!(covers(&Scope::default()));
        let of = |people: &[UserId], from, until| Scope {
            people: people.to_vec(),
            from,
            until,
            ..Scope::default()
        };
        assert!(covers(&of(&[cleo, ben], Some(19), None)));
        assert!(!covers(&of(&[cleo], None, None)));
        assert!(!covers(&of(&[ben], Some(20), None)));
        assert!(!covers(&of(&[], None, Some(10))));
    }
}
