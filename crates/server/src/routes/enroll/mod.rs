//! Enrolment of devices. One file for each operation.

pub(crate) mod finish;
pub(crate) mod poll;
pub(crate) mod start;

use uuid::Uuid;
use wardline_model::wire::programs::{Attestation, Program};

use crate::passkeys::Demand;

/// What a program demands of the authenticator that holds the passkey.
fn demand(program: &Program) -> Demand {
    let enrolment = &program.enrolment;
    match enrolment.attestation {
        Attestation::None | Attestation::Key => Demand::none(),
        Attestation::Authenticator | Attestation::Either => Demand {
            attestation: true,
            // Terms that hold together have AAGUIDs only.
            authenticators: enrolment
                .authenticators
                .iter()
                .filter_map(|id| Uuid::try_parse(id).ok())
                .collect(),
        },
    }
}
