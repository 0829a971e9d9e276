//! Prints how long decisions take, in microseconds:
//! `cargo run --release -p wardline-policy --example decide_us`.

#![expect(clippy::print_stdout, reason = "printing is what it is for")]

use std::hint::black_box;
use std::time::Instant;

use wardline_model::wire::enroll::DeviceState;
use wardline_model::wire::groups::GroupKind;
use wardline_model::{DeviceId, GroupId, PatientId, SessionId, UserId};
use wardline_policy::{
    Action, Circumstances, DeviceFacts, Engine, Network, PasskeyKind, Person, Place, Program,
    Question, Resource, SessionFacts,
};

const ROUNDS: u32 = 20_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let engine = Engine::baseline()?;
    let load = micros(20, || {
        black_box(Engine::baseline().is_ok());
    });
    println!("{:<28}{load:>10.1} us", "load the baseline");
    let group = |member| Resource::Group {
        id: GroupId::from_bytes([6; 16]),
        kind: GroupKind::Team,
        member,
        removal_pending: false,
        role: None,
        urgent: false,
    };
    let patient: PatientId = "cfda32ac-8382-4a7c-92a2-1b072b2a70de".parse()?;
    let chart = |care_team, label: &str| Resource::Patient {
        id: patient.clone(),
        care_team,
        conversation: false,
        glass: None,
        explained: None,
        labels: [label.to_owned()].into(),
    };
    for (name, action, resource, proof_age_ms) in [
        (
            "message.send, allowed",
            Action::MessageSend,
            group(true),
            60_000,
        ),
        (
            "message.send, refused",
            Action::MessageSend,
            group(false),
            60_000,
        ),
        (
            "socket.open, allowed",
            Action::SocketOpen,
            Resource::Hospital,
            60_000,
        ),
        (
            "chart.read, allowed",
            Action::ChartRead,
            chart(true, "N"),
            60_000,
        ),
        (
            "chart.read, step-up",
            Action::ChartRead,
            chart(true, "R"),
            600_000,
        ),
        (
            "chart.read, refused",
            Action::ChartRead,
            chart(false, "N"),
            60_000,
        ),
    ] {
        let question = question(action, resource, proof_age_ms);
        let each = micros(ROUNDS, || {
            black_box(engine.decide(black_box(&question)));
        });
        println!("{name:<28}{each:>10.1} us");
    }
    let question = question(Action::MessageSend, group(true), 60_000);
    let each = micros(ROUNDS, || {
        black_box(black_box(&question).digest());
    });
    println!("{:<28}{each:>10.1} us", "digest of a question");
    Ok(())
}

/// The mean time of one call, in microseconds.
fn micros(rounds: u32, mut call: impl FnMut()) -> f64 {
    #[expect(
        clippy::disallowed_methods,
        reason = "an example is at the rim: it measures time"
    )]
    let start = Instant::now();
    for _ in 0..rounds {
        call();
    }
    start.elapsed().as_secs_f64() * 1e6 / f64::from(rounds)
}

fn question(action: Action, resource: Resource, proof_age_ms: u64) -> Question {
    let person = UserId::from_bytes([1; 16]);
    Question {
        principal: Some(Person {
            id: person,
            roles: ["charge_nurse".to_owned(), "nurse".to_owned()].into(),
            departments: ["cardiology".to_owned()].into(),
            facility: None,
            active: true,
            onboarded: true,
            bot: None,
        }),
        device: Some(DeviceFacts {
            id: DeviceId::from_bytes([2; 16]),
            owner: person,
            program: Program::Byod,
            state: DeviceState::Active,
            endorsed: true,
            passkey: PasskeyKind::Platform,
        }),
        session: Some(SessionFacts {
            id: SessionId::from_bytes([3; 16]),
            aal: 2,
            proof_age_ms,
            idle_ms: 1000,
            age_ms: 3_600_000,
            network: Network::Premises,
            code_age_ms: None,
            card_age_ms: None,
            place: Place::House,
            codes: 1,
            scopes: std::collections::BTreeMap::new(),
        }),
        action,
        resource,
        context: Circumstances {
            on_premises: true,
            on_shift: true,
            ..Circumstances::at(1_767_225_600_000)
        },
    }
}
