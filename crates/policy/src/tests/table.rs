//! Every action against everyone who could try it.

use std::fmt::Write as _;

use wardline_model::wire::enroll::DeviceState;

use super::people::{
    ADA, ADAS_PHONE, BEN, HOUR, ada_asks, answer, changed, device, group, her_own, person, session,
    someone_elses,
};
use crate::{Action, Question, Resource};

const WHO: [&str; 8] = [
    "anonymous",
    "member",
    "stranger",
    "wrong_owner",
    "revoked",
    "idle",
    "expired",
    "officer",
];

/// Rows: the action. Columns: no one we know; Ada about her own patient, conversation and device;
/// Ada about someone else's; Ada on Ben's phone; on her revoked phone; after an hour away; after a
/// day; an officer with all officers' roles and no patients, about someone else's.
const EXPECTED: &str = "
hospital.read        allow         allow               allow              allow            allow          allow        allow           allow
enroll.start         allow         allow               allow              allow            allow          allow        allow           allow
enroll.finish        allow         allow               allow              allow            allow          allow        allow           allow
enroll.poll          allow         allow               allow              allow            allow          allow        allow           allow
session.challenge    allow         allow               allow              device_not_yours device_revoked allow        allow           allow
session.create       allow         allow               allow              device_not_yours device_revoked allow        allow           allow
session.list         not_signed_in allow               missing_permission device_not_yours device_revoked session_idle session_expired allow
session.end          not_signed_in allow               missing_permission device_not_yours device_revoked session_idle session_expired allow
session.end_all      not_signed_in allow               missing_permission device_not_yours device_revoked session_idle session_expired allow
session.trust        not_signed_in allow               allow              device_not_yours device_revoked session_idle session_expired allow
risk.read            not_signed_in allow               missing_permission device_not_yours device_revoked session_idle session_expired allow
risk.answer          not_signed_in allow               missing_permission device_not_yours device_revoked session_idle session_expired allow
risk.overview        not_signed_in missing_permission  missing_permission device_not_yours device_revoked session_idle session_expired allow
factor.list          not_signed_in allow               missing_permission device_not_yours device_revoked session_idle session_expired allow
factor.add           not_signed_in allow               missing_permission device_not_yours device_revoked session_idle session_expired missing_permission
factor.use           not_signed_in allow               missing_permission device_not_yours device_revoked session_idle session_expired missing_permission
factor.remove        not_signed_in allow               missing_permission device_not_yours device_revoked session_idle session_expired allow
token.manage         not_signed_in missing_permission  missing_permission device_not_yours device_revoked session_idle session_expired allow
card.list            not_signed_in allow               missing_permission device_not_yours device_revoked session_idle session_expired allow
card.add             not_signed_in allow               missing_permission device_not_yours device_revoked session_idle session_expired missing_permission
card.use             not_signed_in allow               missing_permission device_not_yours device_revoked session_idle session_expired missing_permission
card.remove          not_signed_in allow               missing_permission device_not_yours device_revoked session_idle session_expired allow
position.consent     not_signed_in allow               allow              device_not_yours device_revoked session_idle session_expired allow
push.manage          not_signed_in allow               allow              device_not_yours device_revoked session_idle session_expired allow
push.receipt         allow         allow               allow              allow            allow          allow        allow           allow
availability.set     not_signed_in allow               allow              device_not_yours device_revoked session_idle session_expired allow
interruptions.read   not_signed_in missing_permission  missing_permission device_not_yours device_revoked session_idle session_expired allow
me.read              not_signed_in allow               allow              device_not_yours device_revoked session_idle session_expired allow
invite.create        not_signed_in missing_permission  missing_permission device_not_yours device_revoked session_idle session_expired allow
recovery.list        not_signed_in missing_permission  missing_permission device_not_yours device_revoked session_idle session_expired allow
recovery.ask         not_signed_in missing_permission  missing_permission device_not_yours device_revoked session_idle session_expired allow
recovery.approve     not_signed_in own_recovery        missing_permission device_not_yours device_revoked session_idle session_expired allow
recovery.withdraw    not_signed_in missing_permission  missing_permission device_not_yours device_revoked session_idle session_expired allow
device.list_own      not_signed_in allow               allow              device_not_yours device_revoked session_idle session_expired allow
device.list_all      not_signed_in missing_permission  missing_permission device_not_yours device_revoked session_idle session_expired allow
device.export        not_signed_in  missing_permission  missing_permission device_not_yours device_revoked session_idle session_expired allow
device.endorse       not_signed_in allow               missing_permission device_not_yours device_revoked session_idle session_expired allow
device.revoke        not_signed_in allow               missing_permission device_not_yours device_revoked session_idle session_expired allow
device.read          not_signed_in allow               missing_permission device_not_yours device_revoked session_idle session_expired allow
device.manage        not_signed_in missing_permission  missing_permission device_not_yours device_revoked session_idle session_expired allow
device.report        allow         allow               allow              device_not_yours device_revoked allow        allow           allow
device.renew         not_signed_in allow               allow              device_not_yours device_revoked session_idle session_expired allow
device.wiped         allow         allow               allow              allow            allow          allow        allow           allow
fleet.manage         not_signed_in missing_permission  missing_permission device_not_yours device_revoked session_idle session_expired allow
program.read         not_signed_in allow               allow              device_not_yours device_revoked session_idle session_expired allow
program.change       not_signed_in missing_permission  missing_permission device_not_yours device_revoked session_idle session_expired allow
trust.read           not_signed_in missing_permission  missing_permission device_not_yours device_revoked session_idle session_expired allow
signal.receive       allow         allow               allow              allow            allow          allow        allow           allow
share.read           not_signed_in allow               missing_permission device_not_yours device_revoked session_idle session_expired missing_permission
credential.read      not_signed_in allow               allow              device_not_yours device_revoked session_idle session_expired allow
people.search        not_signed_in allow               allow              device_not_yours device_revoked session_idle session_expired allow
person.reach         not_signed_in allow               allow              device_not_yours device_revoked session_idle session_expired allow
role.list            not_signed_in allow               allow              device_not_yours device_revoked session_idle session_expired allow
schedule.read        not_signed_in allow               allow              device_not_yours device_revoked session_idle session_expired allow
schedule.manage      not_signed_in missing_permission  missing_permission device_not_yours device_revoked session_idle session_expired allow
schedule.swap        not_signed_in allow               allow              device_not_yours device_revoked session_idle session_expired allow
team.list            not_signed_in allow               allow              device_not_yours device_revoked session_idle session_expired allow
team.manage          not_signed_in missing_permission  missing_permission device_not_yours device_revoked session_idle session_expired allow
care_team.manage     not_signed_in missing_permission  missing_permission device_not_yours device_revoked session_idle session_expired allow
team.call            not_signed_in allow               allow              device_not_yours device_revoked session_idle session_expired allow
list.send            not_signed_in missing_permission  missing_permission device_not_yours device_revoked session_idle session_expired allow
patient.search       not_signed_in allow               allow              device_not_yours device_revoked session_idle session_expired missing_permission
patient.read         not_signed_in allow               no_basis           device_not_yours device_revoked session_idle session_expired no_basis
chart.read           not_signed_in allow               no_basis           device_not_yours device_revoked session_idle session_expired no_basis
note.list            not_signed_in allow               no_basis           device_not_yours device_revoked session_idle session_expired no_basis
note.read            not_signed_in allow               no_basis           device_not_yours device_revoked session_idle session_expired no_basis
entry.search         not_signed_in allow               allow              device_not_yours device_revoked session_idle session_expired missing_permission
entry.read           not_signed_in allow               no_basis           device_not_yours device_revoked session_idle session_expired no_basis
entry.glance         not_signed_in missing_permission  no_basis           device_not_yours device_revoked session_idle session_expired no_basis
glass.break          not_signed_in  glass_not_needed    allow              device_not_yours device_revoked session_idle session_expired missing_permission
glass.list_own       not_signed_in  allow               allow              device_not_yours device_revoked session_idle session_expired allow
glass.end            not_signed_in  allow               missing_permission device_not_yours device_revoked session_idle session_expired allow
glass.list           not_signed_in  missing_permission  missing_permission device_not_yours device_revoked session_idle session_expired allow
glass.read           not_signed_in  missing_permission  missing_permission device_not_yours device_revoked session_idle session_expired allow
glass.review         not_signed_in  own_review          missing_permission device_not_yours device_revoked session_idle session_expired allow
canary.list          not_signed_in  missing_permission  missing_permission device_not_yours device_revoked session_idle session_expired allow
canary.make          not_signed_in  missing_permission  missing_permission device_not_yours device_revoked session_idle session_expired allow
canary.retire        not_signed_in  missing_permission  missing_permission device_not_yours device_revoked session_idle session_expired allow
look.list            not_signed_in  missing_permission  missing_permission device_not_yours device_revoked session_idle session_expired allow
look.read            not_signed_in  own_look            missing_permission device_not_yours device_revoked session_idle session_expired allow
look.review          not_signed_in  own_look            missing_permission device_not_yours device_revoked session_idle session_expired allow
key_package.upload   not_signed_in allow               missing_permission device_not_yours device_revoked session_idle session_expired missing_permission
key_package.claim    not_signed_in allow               allow              device_not_yours device_revoked session_idle session_expired allow
group.create         not_signed_in allow               allow              device_not_yours device_revoked session_idle session_expired allow
group.list           not_signed_in allow               allow              device_not_yours device_revoked session_idle session_expired allow
group.read           not_signed_in allow               missing_permission device_not_yours device_revoked session_idle session_expired missing_permission
group.commit         not_signed_in allow               missing_permission device_not_yours device_revoked session_idle session_expired missing_permission
group.read_log       not_signed_in allow               missing_permission device_not_yours device_revoked session_idle session_expired missing_permission
group.external_join  not_signed_in allow               missing_permission device_not_yours device_revoked session_idle session_expired missing_permission
message.send         not_signed_in allow               missing_permission device_not_yours device_revoked session_idle session_expired missing_permission
message.send_stat    not_signed_in allow               missing_permission device_not_yours device_revoked session_idle session_expired missing_permission
message.forward      not_signed_in  allow               missing_permission device_not_yours device_revoked session_idle session_expired missing_permission
attachment.upload    not_signed_in allow               missing_permission device_not_yours device_revoked session_idle session_expired missing_permission
attachment.read      not_signed_in allow               missing_permission device_not_yours device_revoked session_idle session_expired missing_permission
attachment.delete    not_signed_in allow               missing_permission device_not_yours device_revoked session_idle session_expired missing_permission
receipt.post         not_signed_in allow               missing_permission device_not_yours device_revoked session_idle session_expired missing_permission
escalation.list      not_signed_in allow               allow              device_not_yours device_revoked session_idle session_expired allow
escalation.answer    not_signed_in allow               missing_permission device_not_yours device_revoked session_idle session_expired missing_permission
escalation.withdraw  not_signed_in allow               missing_permission device_not_yours device_revoked session_idle session_expired missing_permission
inbox.read           not_signed_in allow               allow              device_not_yours device_revoked session_idle session_expired allow
socket.open          not_signed_in allow               allow              device_not_yours device_revoked session_idle session_expired allow
keeper.devices       not_signed_in missing_permission  missing_permission device_not_yours device_revoked session_idle session_expired missing_permission
keeper.turns         not_signed_in missing_permission  missing_permission device_not_yours device_revoked session_idle session_expired missing_permission
keeper.statements    not_signed_in missing_permission  missing_permission device_not_yours device_revoked session_idle session_expired missing_permission
keeper.report        not_signed_in missing_permission  missing_permission device_not_yours device_revoked session_idle session_expired missing_permission
records.read         not_signed_in allow               missing_permission device_not_yours device_revoked session_idle session_expired allow
records.order        not_signed_in missing_permission  missing_permission device_not_yours device_revoked session_idle session_expired allow
records.agree        not_signed_in allow               missing_permission device_not_yours device_revoked session_idle session_expired allow
records.custody      not_signed_in allow               missing_permission device_not_yours device_revoked session_idle session_expired missing_permission
log.read             allow         allow               allow              allow            allow          allow        allow           allow
audit.read           not_signed_in missing_permission  missing_permission device_not_yours device_revoked session_idle session_expired allow
policy.read          not_signed_in missing_permission  missing_permission device_not_yours device_revoked session_idle session_expired allow
policy.replay        not_signed_in missing_permission  missing_permission device_not_yours device_revoked session_idle session_expired allow
policy.draft         not_signed_in missing_permission  missing_permission device_not_yours device_revoked session_idle session_expired allow
policy.approve       not_signed_in own_draft           missing_permission device_not_yours device_revoked session_idle session_expired allow
admin.overview       not_signed_in missing_permission  missing_permission device_not_yours device_revoked session_idle session_expired allow
integration.read     not_signed_in missing_permission  missing_permission device_not_yours device_revoked session_idle session_expired allow
integration.manage   not_signed_in missing_permission  missing_permission device_not_yours device_revoked session_idle session_expired allow
critical_call.take   not_signed_in missing_permission  missing_permission device_not_yours device_revoked session_idle session_expired missing_permission
";

#[test]
fn every_action_answers_everyone_as_the_table_says() {
    let mut wrong = String::new();
    let mut rows = EXPECTED.lines().skip(1);
    for action in Action::ALL {
        let row: Vec<&str> = rows.next().unwrap_or_default().split_whitespace().collect();
        assert_eq!(
            row.first(),
            Some(&action.as_str()),
            "the table's rows follow Action::ALL"
        );
        assert_eq!(row.len(), WHO.len() + 1, "{action} has a cell for everyone");
        for (who, expected) in WHO.into_iter().zip(&row[1..]) {
            let found = answer(&asked_by(who, *action));
            if found != *expected {
                writeln!(wrong, "{action} by {who}: {found}, not {expected}").unwrap();
            }
        }
    }
    assert_eq!(rows.next(), None, "the table has no row without an action");
    assert_eq!(wrong, "", "\n{wrong}");
}

fn asked_by(who: &str, action: Action) -> Question {
    let member = ada_asks(action);
    let stranger = Question {
        resource: someone_elses(action.resource_kind()),
        ..ada_asks(action)
    };
    match who {
        "anonymous" => Question {
            principal: None,
            device: None,
            session: None,
            ..member
        },
        "member" => member,
        "stranger" => stranger,
        "wrong_owner" => changed(member, |q| device(q).owner = BEN),
        "revoked" => changed(member, |q| device(q).state = DeviceState::Retired),
        "idle" => changed(member, |q| session(q).idle_ms = HOUR),
        "expired" => changed(member, |q| session(q).age_ms = 24 * HOUR),
        "officer" => {
            let roles = [
                "enrolling_officer",
                "security_officer",
                "privacy_officer",
                "auditor",
            ];
            Question {
                principal: Some(person(ADA, &roles)),
                ..stranger
            }
        }
        other => panic!("nobody is called {other}"),
    }
}

#[test]
fn an_action_about_the_wrong_kind_of_thing_is_refused() {
    for action in Action::ALL {
        for other in Action::ALL
            .iter()
            .filter(|o| o.resource_kind() != action.resource_kind())
        {
            let question = Question {
                resource: her_own(other.resource_kind()),
                ..ada_asks(*action)
            };
            assert_eq!(
                answer(&question),
                "wrong_resource",
                "{action} on {:?}",
                question.resource
            );
        }
    }
}

#[test]
fn stat_pages_and_messages_wait_for_a_removal_and_nothing_else_does() {
    for action in Action::ALL
        .iter()
        .filter(|a| matches!(ada_asks(**a).resource, Resource::Group { .. }))
    {
        let question = Question {
            resource: group(true, true),
            ..ada_asks(*action)
        };
        let waits = matches!(action, Action::MessageSend | Action::MessageSendStat);
        assert_eq!(
            answer(&question),
            if waits { "commit_required" } else { "allow" },
            "{action}"
        );
    }
}

#[test]
fn a_share_is_for_its_device_even_among_devices_of_one_person() {
    let share = Resource::Share { device: ADAS_PHONE };
    let on_tablet = changed(ada_asks(Action::ShareRead), |q| {
        device(q).id = wardline_model::DeviceId::from_bytes([0xA7; 16]);
        q.resource = share;
    });
    assert_eq!(answer(&on_tablet), "missing_permission");
}
