//! Stories from the ward; a failing name says what broke.

use std::collections::{BTreeMap, BTreeSet};

use wardline_model::wire::enroll::DeviceState;
use wardline_model::wire::groups::GroupKind;
use wardline_model::{GlassId, UserId};

use super::people::{
    ADA, ADAS_PHONE, BEN, BENS_PHONE, HOUR, MINUTE, ada_asks, answer, asker, attachment, changed,
    device, document, edited, engine, entry, forward, group, patient, person, session,
    someone_elses, with_roles,
};
use crate::{
    Action, Because, Decision, Glass, PasskeyKind, Place, Program, Proof, Purpose, Question,
    Resource, ResourceKind, Scope,
};

#[test]
fn a_nurse_writes_to_her_team_and_the_answer_names_the_policy() {
    let decided = engine().decide(&ada_asks(Action::MessageSend));
    assert_eq!(decided.decision, Decision::Allow);
    assert_eq!(decided.policies, ["messaging.members"]);
    assert_eq!(&*decided.policy_hash, engine().hash());
}

#[test]
fn someone_outside_the_conversation_is_told_who_may_write() {
    let question = Question {
        resource: group(false, false),
        ..ada_asks(Action::MessageSend)
    };
    let decided = engine().decide(&question);
    assert_eq!(
        decided.decision,
        Decision::Deny {
            code: "missing_permission".to_owned(),
            advice: vec![
                "Only a member of the conversation can write in this conversation.".to_owned()
            ],
        }
    );
    assert!(
        decided.policies.is_empty(),
        "no policy determined it: {:?}",
        decided.policies
    );
}

#[test]
fn files_go_neither_to_nor_from_a_device_that_may_keep_none() {
    let on = |keeps: bool, action| {
        let mut question = ada_asks(action);
        if let Resource::Attachment { files, .. } = &mut question.resource {
            *files = keeps;
        }
        answer(&question)
    };
    for action in [Action::AttachmentUpload, Action::AttachmentRead] {
        assert_eq!(on(true, action), "allow");
        assert_eq!(on(false, action), "files_not_allowed");
    }
    assert_eq!(on(false, Action::AttachmentDelete), "allow");
}

#[test]
fn a_colleague_opens_an_attachment_and_neither_adds_to_it_nor_deletes_it() {
    let bens = |action| {
        answer(&Question {
            resource: attachment(BEN, true),
            ..ada_asks(action)
        })
    };
    assert_eq!(bens(Action::AttachmentRead), "allow");
    assert_eq!(bens(Action::AttachmentUpload), "missing_permission");
    assert_eq!(bens(Action::AttachmentDelete), "missing_permission");
}

#[test]
fn a_chart_opens_for_the_care_team_or_those_in_a_conversation_about_the_patient() {
    let chart = |care_team, conversation| {
        let resource = patient(care_team, conversation, &["N"]);
        answer(&Question {
            resource,
            ..ada_asks(Action::ChartRead)
        })
    };
    assert_eq!(chart(true, false), "allow");
    assert_eq!(chart(false, true), "allow");
    assert_eq!(chart(false, false), "no_basis");
}

#[test]
fn a_transporter_sees_whom_to_move_and_a_part_of_the_chart() {
    let read = |action| answer(&with_roles(&["transporter"], action));
    assert_eq!(read(Action::PatientRead), "allow");
    // What of it is decided entry by entry.
    assert_eq!(read(Action::ChartRead), "allow");
    assert_eq!(read(Action::NoteRead), "missing_permission");
}

#[test]
fn a_restricted_chart_wants_a_fresh_fingerprint() {
    let old = changed(ada_asks(Action::ChartRead), |q| {
        q.resource = patient(true, false, &["R", "PSY"]);
        session(q).proof_age_ms = 5 * MINUTE + 1;
    });
    assert_eq!(answer(&old), "step_up");
    assert_eq!(
        answer(&changed(old, |q| session(q).proof_age_ms = 5 * MINUTE)),
        "allow"
    );
}

#[test]
fn a_very_restricted_chart_is_closed_to_a_mere_conversation() {
    let chart = |care_team| {
        let resource = patient(care_team, true, &["V"]);
        answer(&Question {
            resource,
            ..ada_asks(Action::ChartRead)
        })
    };
    assert_eq!(chart(true), "allow");
    assert_eq!(chart(false), "very_restricted");
}

#[test]
fn at_home_and_off_shift_a_chart_wants_a_fresh_fingerprint() {
    let at_home = changed(ada_asks(Action::ChartRead), |q| {
        q.context.on_shift = false;
        q.context.on_premises = false;
        session(q).proof_age_ms = HOUR;
    });
    assert_eq!(answer(&at_home), "step_up");
    let on_shift = changed(at_home.clone(), |q| q.context.on_shift = true);
    assert_eq!(answer(&on_shift), "allow");
    let on_call = changed(at_home.clone(), |q| q.context.on_call = true);
    assert_eq!(answer(&on_call), "allow");
    let verified = changed(at_home, |q| session(q).proof_age_ms = 0);
    assert_eq!(answer(&verified), "allow");
}

#[test]
fn the_owner_of_a_lost_phone_takes_it_out_of_use_with_a_fresh_fingerprint() {
    let revoke = changed(ada_asks(Action::DeviceRevoke), |q| {
        session(q).proof_age_ms = HOUR;
    });
    let decided = engine().decide(&revoke);
    assert_eq!(
        decided.decision,
        Decision::StepUp {
            methods: BTreeSet::from([Proof::UserVerification]),
            scopes: BTreeSet::new(),
            advice: vec!["Confirm with your fingerprint, face or PIN that it is you.".to_owned()],
        }
    );
    assert_eq!(decided.policies, ["devices.fresh_for_own_loss"]);
    assert_eq!(
        answer(&changed(revoke, |q| session(q).proof_age_ms = MINUTE)),
        "allow"
    );
}

#[test]
fn a_psychiatry_note_asks_for_a_fingerprint_of_its_own() {
    let note = |labels: &[&str]| {
        changed(ada_asks(Action::NoteRead), |q| {
            q.resource = document(true, true, labels);
            session(q).proof_age_ms = 0;
            session(q).scopes.clear();
        })
    };
    assert_eq!(answer(&note(&["N"])), "allow");
    let psychiatry = note(&["PSY"]);
    let Decision::StepUp {
        methods, scopes, ..
    } = engine().decide(&psychiatry).decision
    else {
        panic!("having just signed in is not enough");
    };
    assert_eq!(methods, BTreeSet::from([Proof::UserVerification]));
    assert_eq!(scopes, BTreeSet::from([Scope::SensitiveNotes]));
    // A proof for something else does not count, one for such notes does, for five minutes.
    let proven = |scope, age| {
        changed(psychiatry.clone(), |q| {
            session(q).scopes = BTreeMap::from([(scope, age)]);
        })
    };
    assert_eq!(answer(&proven(Scope::Policies, 0)), "step_up");
    assert_eq!(answer(&proven(Scope::SensitiveNotes, 5 * MINUTE)), "allow");
    assert_eq!(
        answer(&proven(Scope::SensitiveNotes, 5 * MINUTE + 1)),
        "step_up"
    );
}

#[test]
fn what_the_law_protects_is_for_those_who_treat() {
    for label in ["ETH", "SUD", "HIV"] {
        let in_a_conversation = changed(ada_asks(Action::NoteRead), |q| {
            q.resource = document(false, true, &[label]);
        });
        assert_eq!(answer(&in_a_conversation), "protected_note");
        let on_the_team = changed(ada_asks(Action::NoteRead), |q| {
            q.resource = document(true, false, &[label]);
        });
        assert_eq!(answer(&on_the_team), "allow");
    }
}

#[test]
fn somebody_who_lost_every_device_is_let_in_again_by_two_officers() {
    let officer = |action| with_roles(&["enrolling_officer"], action);
    let alone = changed(officer(Action::InviteCreate), |q| {
        q.resource = Resource::Invite {
            person: BEN,
            program: Program::Byod,
            self_service: true,
            recovers: true,
        };
    });
    assert_eq!(answer(&alone), "recovery_needed");
    let agree = |asked_by| {
        changed(officer(Action::RecoveryApprove), |q| {
            q.resource = Resource::Recovery {
                person: BEN,
                asked_by,
            };
        })
    };
    assert_eq!(answer(&agree(ADA)), "own_recovery");
    let other = agree(UserId::from_bytes([0xC1; 16]));
    assert_eq!(answer(&other), "allow");
    let stale = changed(other, |q| session(q).scopes.clear());
    assert_eq!(answer(&stale), "step_up");
}

#[test]
fn a_lost_phone_is_taken_out_of_use_however_unusual_the_call() {
    let unusual = changed(ada_asks(Action::DeviceRevoke), |q| q.context.risk = 100);
    assert_eq!(answer(&unusual), "allow");
}

#[test]
fn a_security_officer_takes_any_phone_out_of_use() {
    let bens = Resource::Device {
        id: BENS_PHONE,
        owner: BEN,
        state: DeviceState::Active,
        own_approval: true,
        bulk: false,
    };
    let revoke = |roles: &[&str]| {
        let question = with_roles(roles, Action::DeviceRevoke);
        answer(&Question {
            resource: bens.clone(),
            ..question
        })
    };
    assert_eq!(revoke(&["security_officer"]), "allow");
    assert_eq!(revoke(&["nurse"]), "missing_permission");
}

#[test]
fn wiping_somebody_elses_phone_or_a_list_of_them_asks_for_a_fingerprint_of_its_own() {
    let revoke = |owner, bulk, proven: Option<u64>| {
        changed(
            with_roles(&["security_officer"], Action::DeviceRevoke),
            |q| {
                q.resource = Resource::Device {
                    id: BENS_PHONE,
                    owner,
                    state: DeviceState::Active,
                    own_approval: false,
                    bulk,
                };
                // Signed in this very moment.
                session(q).proof_age_ms = 0;
                session(q).scopes.clear();
                let proven = proven.map(|age| (Scope::Wiping, age));
                session(q).scopes.extend(proven);
            },
        )
    };
    assert_eq!(answer(&revoke(ADA, false, None)), "allow", "her own phone");
    for (owner, bulk) in [(BEN, false), (BEN, true), (ADA, true)] {
        let Decision::StepUp {
            methods, scopes, ..
        } = engine().decide(&revoke(owner, bulk, None)).decision
        else {
            panic!("having just signed in is not enough");
        };
        assert_eq!(methods, BTreeSet::from([Proof::UserVerification]));
        assert_eq!(scopes, BTreeSet::from([Scope::Wiping]));
        assert_eq!(answer(&revoke(owner, bulk, Some(2 * MINUTE))), "allow");
        let late = revoke(owner, bulk, Some(2 * MINUTE + 1));
        assert_eq!(answer(&late), "step_up");
        // However long the hospital lets a sign-in count.
        let patient = changed(late, |q| q.context.limits.fresh_ms = HOUR);
        assert_eq!(answer(&patient), "step_up");
    }
}

#[test]
fn a_session_that_looks_stolen_passes_nothing_on_and_reads_no_device() {
    let others = |q: &mut Question| {
        q.principal = Some(person(ADA, &["nurse", "security_officer"]));
        if q.action == Action::DeviceRead {
            q.resource = someone_elses(ResourceKind::Device);
        }
        session(q).proof_age_ms = HOUR;
    };
    for action in [Action::DeviceRead, Action::MessageForward] {
        let asks = |risk| {
            answer(&changed(ada_asks(action), |q| {
                others(q);
                q.context.risk = risk;
            }))
        };
        assert_eq!(asks(59), "allow", "{action}");
        assert_eq!(asks(60), "step_up", "{action}");
        assert_eq!(asks(90), "risk_too_high", "{action}");
    }
    // What is known of one's own phone is shown on a page that opens by itself.
    let own = changed(ada_asks(Action::DeviceRead), |q| q.context.risk = 100);
    assert_eq!(answer(&own), "allow");
    // What says that it was not the person waits for nothing.
    let disown = changed(ada_asks(Action::RiskAnswer), |q| q.context.risk = 100);
    assert_eq!(answer(&disown), "allow");
}

#[test]
fn a_stranger_is_not_asked_for_a_fingerprint_that_would_not_help() {
    let revoke = changed(ada_asks(Action::DeviceRevoke), |q| {
        q.resource = Resource::Device {
            id: BENS_PHONE,
            owner: BEN,
            state: DeviceState::Active,
            own_approval: true,
            bulk: false,
        };
        session(q).proof_age_ms = HOUR;
    });
    let decided = engine().decide(&revoke);
    assert_eq!(
        decided.decision,
        Decision::Deny {
            code: "missing_permission".to_owned(),
            advice: vec![
                "Only its owner or a security officer can take this device out of use.".to_owned()
            ],
        }
    );
}

#[test]
fn an_enrolling_officer_confirms_a_new_phone_with_a_fresh_fingerprint() {
    let endorse = changed(
        with_roles(&["enrolling_officer"], Action::DeviceEndorse),
        |q| {
            q.resource = Resource::Device {
                id: BENS_PHONE,
                owner: BEN,
                state: DeviceState::Pending,
                own_approval: true,
                bulk: false,
            };
        },
    );
    assert_eq!(answer(&endorse), "allow");
    assert_eq!(
        answer(&changed(endorse, |q| session(q).proof_age_ms = HOUR)),
        "step_up"
    );
}

#[test]
fn a_second_phone_is_confirmed_on_the_first_and_never_by_itself() {
    let endorse = |id| {
        let resource = Resource::Device {
            id,
            owner: ADA,
            state: DeviceState::Pending,
            own_approval: true,
            bulk: false,
        };
        answer(&Question {
            resource,
            ..ada_asks(Action::DeviceEndorse)
        })
    };
    assert_eq!(endorse(BENS_PHONE), "allow");
    assert_eq!(endorse(ADAS_PHONE), "self_endorsement");
}

#[test]
fn a_revoked_phone_cannot_be_confirmed_back_to_life() {
    let resource = Resource::Device {
        id: BENS_PHONE,
        owner: ADA,
        state: DeviceState::Retired,
        own_approval: true,
        bulk: false,
    };
    let endorse = Question {
        resource,
        ..ada_asks(Action::DeviceEndorse)
    };
    assert_eq!(answer(&endorse), "device_not_pending");
}

#[test]
fn only_an_enrolling_officer_invites() {
    assert_eq!(
        answer(&with_roles(&["enrolling_officer"], Action::InviteCreate)),
        "allow"
    );
    assert_eq!(
        answer(&with_roles(&["physician"], Action::InviteCreate)),
        "missing_permission"
    );
}

#[test]
fn a_person_adds_one_more_device_of_their_own_with_a_fingerprint_of_this_minute() {
    const MINUTE: u64 = HOUR / 60;
    let one_more = |of, program| {
        changed(ada_asks(Action::InviteCreate), |q| {
            device(q).program = of;
            q.resource = Resource::Invite {
                person: ADA,
                program,
                self_service: program != Program::Issued,
                recovers: false,
            };
        })
    };
    let own = one_more(Program::Byod, Program::Byod);
    assert_eq!(answer(&own), "allow");
    // A phone of one's own beside the hospital's; never a way into a program with weaker passkeys.
    assert_eq!(answer(&one_more(Program::Issued, Program::Byod)), "allow");
    assert_eq!(
        answer(&one_more(Program::Byod, Program::Demo)),
        "missing_permission"
    );
    for program in [Program::Byod, Program::Issued] {
        assert_eq!(
            answer(&one_more(program, Program::Issued)),
            "missing_permission"
        );
    }
    let later = changed(own, |q| session(q).proof_age_ms = 2 * MINUTE);
    assert_eq!(answer(&later), "step_up");
}

#[test]
fn a_pending_or_revoked_phone_gets_no_session_even_before_we_know_who_holds_it() {
    let sign_in = |state| {
        let question = changed(ada_asks(Action::SessionCreate), |q| {
            q.principal = None;
            q.session = None;
            device(q).state = state;
        });
        answer(&question)
    };
    assert_eq!(sign_in(DeviceState::Active), "allow");
    assert_eq!(sign_in(DeviceState::Grace), "allow");
    assert_eq!(sign_in(DeviceState::Quarantined), "device_quarantined");
    assert_eq!(sign_in(DeviceState::Lost), "device_lost");
    assert_eq!(sign_in(DeviceState::Wiped), "device_lost");
    assert_eq!(sign_in(DeviceState::Pending), "device_pending");
    assert_eq!(sign_in(DeviceState::Retired), "device_revoked");
}

#[test]
fn a_quarantined_phone_may_tell_that_it_was_mended_and_nothing_else() {
    let quarantined = |action| {
        answer(&changed(ada_asks(action), |q| {
            device(q).state = DeviceState::Quarantined;
        }))
    };
    for action in Action::ALL {
        let answer = quarantined(*action);
        match action {
            Action::DeviceReport => assert_eq!(answer, "allow"),
            action if action.is_public() => {}
            action => assert_eq!(answer, "device_quarantined", "{action}"),
        }
    }
}

#[test]
fn a_phone_of_ones_own_is_confirmed_by_an_officer_where_its_program_says_so() {
    let endorse = |roles: &[&str], own_approval| {
        let question = changed(with_roles(roles, Action::DeviceEndorse), |q| {
            q.resource = Resource::Device {
                id: BENS_PHONE,
                owner: ADA,
                state: DeviceState::Pending,
                own_approval,
                bulk: false,
            };
        });
        answer(&question)
    };
    assert_eq!(endorse(&["nurse"], true), "allow");
    assert_eq!(endorse(&["nurse"], false), "officer_approval");
    assert_eq!(endorse(&["enrolling_officer"], false), "allow");
}

#[test]
fn only_a_security_officer_changes_programs_and_with_a_fresh_fingerprint() {
    let change = |roles: &[&str]| with_roles(roles, Action::ProgramChange);
    assert_eq!(answer(&change(&["security_officer"])), "allow");
    assert_eq!(
        answer(&change(&["enrolling_officer"])),
        "missing_permission"
    );
    let later = changed(change(&["security_officer"]), |q| {
        session(q).proof_age_ms = HOUR;
    });
    assert_eq!(answer(&later), "step_up");
}

#[test]
fn someone_who_left_neither_works_nor_signs_in_nor_enrols() {
    for action in [
        Action::MessageSend,
        Action::MeRead,
        Action::SessionChallenge,
        Action::SessionCreate,
        Action::EnrollStart,
        Action::EnrollFinish,
    ] {
        let left = changed(ada_asks(action), |q| asker(q).active = false);
        assert_eq!(answer(&left), "person_inactive", "{action}");
    }
}

#[test]
fn before_onboarding_a_person_sets_up_the_phone_but_meets_no_patient() {
    let new = |action| answer(&changed(ada_asks(action), |q| asker(q).onboarded = false));
    for action in [
        Action::MeRead,
        Action::DeviceRenew,
        Action::ShareRead,
        Action::KeyPackageUpload,
    ] {
        assert_eq!(new(action), "allow", "{action}");
    }
    for action in [
        Action::MessageSend,
        Action::ChartRead,
        Action::PatientSearch,
    ] {
        assert_eq!(new(action), "not_onboarded", "{action}");
    }
}

#[test]
fn a_phone_that_no_one_vouched_for_is_refused() {
    let unendorsed = changed(ada_asks(Action::MessageSend), |q| {
        device(q).endorsed = false;
    });
    assert_eq!(answer(&unendorsed), "device_not_endorsed");
}

#[test]
fn a_token_without_its_phone_or_a_phone_without_a_session_gets_nothing() {
    let token_only = changed(ada_asks(Action::MessageSend), |q| q.device = None);
    assert_eq!(answer(&token_only), "device_unknown");
    let phone_only = changed(ada_asks(Action::MessageSend), |q| q.session = None);
    assert_eq!(answer(&phone_only), "no_session");
}

#[test]
fn a_software_passkey_counts_in_the_demo_only() {
    let with = |program| {
        let question = changed(ada_asks(Action::MessageSend), |q| {
            device(q).program = program;
            device(q).passkey = PasskeyKind::Software;
        });
        answer(&question)
    };
    assert_eq!(with(Program::Demo), "allow");
    assert_eq!(with(Program::Byod), "passkey_not_accepted");
    assert_eq!(with(Program::Issued), "passkey_not_accepted");
}

#[test]
fn the_record_keeper_keeps_records_and_does_nothing_else() {
    let allowed: Vec<&str> = Action::ALL
        .iter()
        .filter(|action| !action.is_public())
        .filter(|action| {
            let question = changed(
                // Its further roles must not help it.
                with_roles(
                    &["record_keeper", "physician", "security_officer"],
                    **action,
                ),
                |q| {
                    device(q).passkey = PasskeyKind::Software;
                    device(q).program = Program::Issued;
                },
            );
            answer(&question) == "allow"
        })
        .map(|action| action.as_str())
        .collect();
    assert_eq!(
        allowed,
        [
            "session.list",
            "session.end",
            "session.end_all",
            "me.read",
            "device.list_own",
            "device.renew",
            "share.read",
            "credential.read",
            "key_package.upload",
            "key_package.claim",
            "group.list",
            "group.read",
            "group.commit",
            "group.read_log",
            "group.external_join",
            "attachment.delete",
            "receipt.post",
            "inbox.read",
            "socket.open",
            "keeper.devices",
            "keeper.turns",
            "keeper.statements",
            "keeper.report",
        ]
    );
}

#[test]
fn the_record_keeper_writes_to_single_devices_and_nobody_writes_there_but_it() {
    for action in [Action::GroupCreate, Action::MessageSend] {
        for (roles, kind, expected) in [
            (&["record_keeper"][..], GroupKind::Keeper, "allow"),
            (&["record_keeper"][..], GroupKind::Direct, "keeper_only"),
            (&["record_keeper"][..], GroupKind::Team, "keeper_only"),
            (&["nurse"][..], GroupKind::Keeper, "keeper_only"),
            (&["nurse"][..], GroupKind::Direct, "allow"),
        ] {
            let mut question = with_roles(roles, action);
            if let Resource::Group { kind: of, .. } = &mut question.resource {
                *of = kind;
            }
            assert_eq!(
                answer(&question),
                expected,
                "{action} by {roles:?} in {kind:?}"
            );
        }
    }
    let page = with_roles(&["record_keeper"], Action::MessageSendStat);
    assert_eq!(answer(&page), "keeper_only");
    let nurse = with_roles(&["nurse"], Action::KeeperDevices);
    assert_eq!(answer(&nurse), "missing_permission");
}

#[test]
fn the_record_keeper_is_shut_out_of_conversations_it_is_no_member_of() {
    for action in [
        Action::GroupCommit,
        Action::GroupReadLog,
        Action::GroupExternalJoin,
    ] {
        let question = Question {
            resource: group(false, false),
            ..with_roles(&["record_keeper"], action)
        };
        assert_eq!(answer(&question), "missing_permission", "{action}");
    }
}

#[test]
fn a_session_lasts_up_to_its_limits_and_not_a_millisecond_longer() {
    let after = |idle_ms, age_ms| {
        let question = changed(ada_asks(Action::MessageSend), |q| {
            session(q).idle_ms = idle_ms;
            session(q).age_ms = age_ms;
        });
        answer(&question)
    };
    assert_eq!(after(HOUR - 1, 24 * HOUR - 1), "allow");
    assert_eq!(after(HOUR, 2 * HOUR), "session_idle");
    assert_eq!(after(0, 24 * HOUR), "session_expired");
    assert_eq!(after(u64::MAX, u64::MAX), "session_expired");
}

#[test]
fn a_hospital_sets_shorter_limits_for_its_phones() {
    let phone = changed(ada_asks(Action::MessageSend), |q| {
        q.context.limits.idle_ms = 10 * MINUTE;
        session(q).idle_ms = 10 * MINUTE;
    });
    assert_eq!(answer(&phone), "session_idle");
}

#[test]
fn a_weak_session_is_asked_for_a_fingerprint() {
    let weak = changed(ada_asks(Action::MessageSend), |q| session(q).aal = 1);
    assert_eq!(answer(&weak), "step_up");
}

#[test]
fn unusual_behaviour_asks_for_a_fingerprint_and_then_closes_charts_but_never_messages() {
    let chart = |risk, proof_age_ms| {
        let question = changed(ada_asks(Action::ChartRead), |q| {
            q.context.risk = risk;
            session(q).proof_age_ms = proof_age_ms;
        });
        answer(&question)
    };
    assert_eq!(chart(59, HOUR), "allow");
    assert_eq!(chart(60, HOUR), "step_up");
    assert_eq!(chart(60, MINUTE), "allow");
    // From there on a fingerprint does not do.
    assert_eq!(chart(74, MINUTE), "allow");
    assert_eq!(chart(75, MINUTE), "step_up");
    assert_eq!(chart(90, 0), "risk_too_high");
    let message = changed(ada_asks(Action::MessageSendStat), |q| {
        q.context.risk = 100;
        session(q).proof_age_ms = HOUR;
    });
    assert_eq!(answer(&message), "allow");
}

#[test]
fn several_reasons_are_all_told_the_most_fundamental_first() {
    let question = changed(ada_asks(Action::ChartRead), |q| {
        device(q).state = DeviceState::Retired;
        session(q).idle_ms = 2 * HOUR;
        q.resource = patient(false, false, &["R"]);
        session(q).proof_age_ms = HOUR;
    });
    let decided = engine().decide(&question);
    let Decision::Deny { code, advice } = decided.decision else {
        panic!("{decided:?}")
    };
    assert_eq!(code, "device_revoked");
    assert_eq!(
        decided.policies,
        [
            "devices.revoked",
            "sessions.idle",
            "charts.no_basis",
            "charts.restricted"
        ]
    );
    assert_eq!(
        advice.len(),
        3,
        "the fingerprint would not help, so it is left out: {advice:?}"
    );
}

#[test]
fn a_fresh_smart_card_does_for_a_code_and_a_stale_one_does_not() {
    let trusted = |card_age_ms| {
        let asked = changed(ada_asks(Action::SessionTrust), |q| {
            q.context.risk = 80;
            session(q).card_age_ms = card_age_ms;
        });
        answer(&asked)
    };
    assert_eq!(trusted(None), "step_up");
    assert_eq!(trusted(Some(5 * MINUTE)), "allow");
    assert_eq!(trusted(Some(5 * MINUTE + 1)), "step_up");
    let away = |card_age_ms| {
        let asked = changed(ada_asks(Action::SessionTrust), |q| {
            q.context.on_premises = false;
            q.context.on_shift = false;
            session(q).place = Place::New;
            session(q).card_age_ms = card_age_ms;
        });
        answer(&asked)
    };
    assert_eq!(away(None), "step_up");
    assert_eq!(away(Some(0)), "allow");
}

#[test]
fn who_is_on_call_is_called_to_places_where_nobody_saw_them() {
    for (on_call, codes, expected) in [
        (false, 1, "step_up"),
        (false, 0, "step_up"),
        (true, 1, "allow"),
        (true, 0, "allow"),
    ] {
        let asked = changed(ada_asks(Action::SessionTrust), |q| {
            q.context.on_premises = false;
            q.context.on_shift = false;
            q.context.on_call = on_call;
            session(q).place = Place::New;
            session(q).codes = codes;
            session(q).proof_age_ms = HOUR;
        });
        assert_eq!(
            answer(&asked),
            expected,
            "on call: {on_call}, codes: {codes}"
        );
    }
}

#[test]
fn the_same_case_has_the_same_digest_and_any_change_another() {
    let question = ada_asks(Action::MessageSend);
    assert_eq!(question.digest(), question.clone().digest());
    assert_eq!(question.digest().len(), 64);
    let later = changed(question.clone(), |q| q.context.now_ms += 1);
    assert_ne!(question.digest(), later.digest());
    let elsewhere = Question {
        resource: group(false, false),
        ..question.clone()
    };
    assert_ne!(question.digest(), elsewhere.digest());
}

#[test]
fn a_recorded_question_is_judged_again_with_the_same_answer() {
    for action in Action::ALL {
        let question = ada_asks(*action);
        let recorded = serde_json::to_string(&question).unwrap();
        let again: Question = serde_json::from_str(&recorded).unwrap();
        assert_eq!(again, question);
        assert_eq!(engine().decide(&again), engine().decide(&question));
    }
}

#[test]
fn a_decision_reads_as_json_for_the_audit_log() {
    let decided = engine().decide(&Question {
        resource: patient(false, false, &["N"]),
        ..ada_asks(Action::ChartRead)
    });
    let json = serde_json::to_value(&decided).unwrap();
    assert_eq!(json["decision"], "deny");
    assert_eq!(json["code"], "no_basis");
    assert_eq!(json["policies"], serde_json::json!(["charts.no_basis"]));
    assert_eq!(json["policy_hash"], engine().hash());
}

/// Ada, who is not on the care team and broke the glass.
fn broke(action: Action, purpose: Purpose, labels: &[&str]) -> Question {
    changed(ada_asks(action), |q| {
        q.resource = match action {
            Action::NoteRead => document(false, false, labels),
            _ => patient(false, false, labels),
        };
        let (Resource::Patient { glass, .. } | Resource::Document { glass, .. }) = &mut q.resource
        else {
            panic!("no record");
        };
        *glass = Some(Glass {
            id: GlassId::from_bytes([0x91; 16]),
            purpose,
        });
    })
}

#[test]
fn a_broken_glass_opens_a_chart_and_what_the_law_protects_in_an_emergency_only() {
    for purpose in Purpose::ALL {
        let chart = |labels: &[&str]| answer(&broke(Action::ChartRead, *purpose, labels));
        let note = |labels: &[&str]| answer(&broke(Action::NoteRead, *purpose, labels));
        assert_eq!(chart(&["N"]), "allow");
        assert_eq!(note(&["PSY"]), "allow");
        let emergency = *purpose == Purpose::Emergency;
        let otherwise = |code: &'static str| if emergency { "allow" } else { code };
        assert_eq!(chart(&["V"]), otherwise("very_restricted"));
        for label in ["ETH", "SUD", "HIV"] {
            assert_eq!(note(&[label]), otherwise("protected_note"));
        }
    }
    let unproven = changed(broke(Action::NoteRead, Purpose::Emergency, &["ETH"]), |q| {
        session(q).scopes.clear();
    });
    assert_eq!(answer(&unproven), "step_up");
}

#[test]
fn the_glass_is_broken_with_a_proof_for_just_that() {
    let question = changed(ada_asks(Action::GlassBreak), |q| {
        q.resource = patient(false, true, &["V"]);
    });
    assert_eq!(answer(&question), "allow", "a conversation opens less");
    for (scope, age, expected) in [
        (Scope::BreakTheGlass, 2 * MINUTE, "allow"),
        (Scope::BreakTheGlass, 2 * MINUTE + 1, "step_up"),
        (Scope::SensitiveNotes, 0, "step_up"),
    ] {
        let asked = changed(question.clone(), |q| {
            session(q).scopes = [(scope, age)].into();
            session(q).proof_age_ms = 0;
        });
        assert_eq!(answer(&asked), expected, "{scope}");
    }
}

#[test]
fn what_leaves_the_care_team_or_goes_to_another_patient_is_asked_about() {
    let forwards = |outside, another| {
        answer(&changed(ada_asks(Action::MessageForward), |q| {
            q.resource = forward(true, outside, another);
            session(q).scopes.clear();
        }))
    };
    assert_eq!(forwards(false, false), "allow");
    assert_eq!(forwards(true, false), "step_up");
    assert_eq!(forwards(false, true), "step_up");
}

#[test]
fn a_question_of_before_there_was_a_glass_to_break_is_read_and_keeps_its_digest() {
    let question = ada_asks(Action::ChartRead);
    let json = serde_json::to_string(&question).unwrap();
    assert!(!json.contains("\"glass\""));
    let read: Question = serde_json::from_str(&json).unwrap();
    assert_eq!(read.digest(), question.digest());
    let broken = broke(Action::ChartRead, Purpose::Immediate, &["N"]);
    let json = serde_json::to_string(&broken).unwrap();
    assert_eq!(serde_json::from_str::<Question>(&json).unwrap(), broken);
}

#[test]
fn privacy_officers_order_about_records_and_custodians_agree_each_with_a_proof_for_that() {
    let asked = |roles: &[&str], custodian, action| {
        changed(with_roles(roles, action), |q| {
            q.resource = Resource::Records { custodian };
        })
    };
    for (roles, custodian, action, expected) in [
        (
            &["privacy_officer"][..],
            false,
            Action::RecordsOrder,
            "allow",
        ),
        (&["privacy_officer"], false, Action::RecordsAgree, "allow"),
        (
            &["privacy_officer"],
            false,
            Action::RecordsCustody,
            "missing_permission",
        ),
        (
            &["physician"],
            true,
            Action::RecordsOrder,
            "missing_permission",
        ),
        (&["physician"], true, Action::RecordsAgree, "allow"),
        (&["physician"], true, Action::RecordsCustody, "allow"),
        (
            &["physician"],
            false,
            Action::RecordsAgree,
            "missing_permission",
        ),
        (
            &["security_officer"],
            false,
            Action::RecordsRead,
            "missing_permission",
        ),
        (
            &["record_keeper"],
            true,
            Action::RecordsOrder,
            "keeper_only",
        ),
    ] {
        assert_eq!(
            answer(&asked(roles, custodian, action)),
            expected,
            "{action}"
        );
    }
    for action in [Action::RecordsOrder, Action::RecordsAgree] {
        let late = changed(asked(&["privacy_officer"], true, action), |q| {
            session(q).scopes.insert(Scope::Records, 2 * MINUTE + 1);
        });
        assert_eq!(answer(&late), "step_up");
    }
}

#[test]
fn a_psychiatrist_and_a_porter_see_different_charts_of_one_patient() {
    let asks = |roles: &[&str], department: &str, action, kind: &str, labels: &[&str]| {
        let mut question = with_roles(roles, action);
        question.resource = entry(kind, true, labels);
        asker(&mut question).departments = [department.to_owned()].into();
        session(&mut question).scopes.clear();
        answer(&question)
    };
    let porter = |action, kind| asks(&["transporter"], "Transport", action, kind, &["N"]);
    for kind in ["Patient", "Encounter", "AllergyIntolerance", "Flag"] {
        assert_eq!(porter(Action::EntryGlance, kind), "allow", "{kind}");
        assert_eq!(
            porter(Action::EntryRead, kind),
            "missing_permission",
            "{kind}"
        );
    }
    for kind in [
        "Condition",
        "Observation",
        "MedicationRequest",
        "DocumentReference",
    ] {
        assert_eq!(
            porter(Action::EntryGlance, kind),
            "missing_permission",
            "{kind}"
        );
    }
    let read = Action::EntryRead;
    let psychiatrist = |labels: &[&str]| {
        asks(
            &["physician"],
            "Psychiatry",
            read,
            "DocumentReference",
            labels,
        )
    };
    assert_eq!(psychiatrist(&["PSY"]), "allow");
    assert_eq!(psychiatrist(&["PSY", "PSYTHPN"]), "allow");
    assert_eq!(psychiatrist(&["PSY", "HIV"]), "step_up");
    let nurse = |labels: &[&str]| asks(&["nurse"], "Cardiology", read, "DocumentReference", labels);
    assert_eq!(nurse(&["N"]), "allow");
    assert_eq!(nurse(&["PSY"]), "step_up");
    assert_eq!(nurse(&["PSY", "PSYTHPN"]), "psychotherapy");
}

/// Ada, whose look something explains.
fn explained(action: Action, because: Because, labels: &[&str]) -> Question {
    changed(ada_asks(action), |q| {
        q.resource = match action {
            Action::NoteRead => document(false, false, labels),
            Action::EntryRead => entry("Observation", false, labels),
            Action::EntryGlance => entry("Patient", false, labels),
            _ => patient(false, false, labels),
        };
        let (Resource::Patient { explained, .. }
        | Resource::Document { explained, .. }
        | Resource::Entry { explained, .. }) = &mut q.resource
        else {
            panic!("no record");
        };
        *explained = Some(because);
    })
}

#[test]
fn what_the_hospital_wrote_down_opens_a_record_at_once_and_what_holds_for_many_asks() {
    for because in Because::ALL {
        let expected = match because {
            Because::Colleague | Because::DepartmentBefore => "no_basis",
            _ => "allow",
        };
        for action in [
            Action::PatientRead,
            Action::ChartRead,
            Action::NoteList,
            Action::NoteRead,
            Action::EntryRead,
        ] {
            let question = explained(action, *because, &["N"]);
            assert_eq!(answer(&question), expected, "{action} {because}");
        }
        // They who are asked may break the glass, and then it is open as ever.
        let glass = explained(Action::GlassBreak, *because, &["N"]);
        assert_eq!(answer(&glass), "allow");
        let broken = changed(explained(Action::ChartRead, *because, &["N"]), |q| {
            if let Resource::Patient { glass, .. } = &mut q.resource {
                *glass = Some(Glass {
                    id: GlassId::from_bytes([0x91; 16]),
                    purpose: Purpose::Treatment,
                });
            }
        });
        assert_eq!(answer(&broken), "allow");
    }
}

#[test]
fn a_reason_to_look_opens_nothing_that_is_for_those_who_treat() {
    for because in Because::ALL {
        let chart = explained(Action::ChartRead, *because, &["V"]);
        assert_ne!(answer(&chart), "allow");
        for label in ["ETH", "SUD", "HIV"] {
            for action in [Action::NoteRead, Action::EntryRead] {
                let question = explained(action, *because, &[label]);
                assert_ne!(answer(&question), "allow", "{because} {label}");
            }
        }
    }
    let therapy = explained(Action::EntryRead, Because::Order, &["PSYTHPN"]);
    assert_eq!(answer(&therapy), "psychotherapy");
    let unproven = changed(explained(Action::EntryRead, Because::Ward, &["PSY"]), |q| {
        session(q).scopes.clear();
    });
    assert_eq!(answer(&unproven), "step_up");
}

#[test]
fn who_transports_sees_a_part_for_whatever_reason_and_who_has_no_patients_nothing() {
    let asks = |role: &str, action| {
        answer(&changed(explained(action, Because::Ward, &["N"]), |q| {
            q.principal.as_mut().unwrap().roles = [role.to_owned()].into();
        }))
    };
    assert_eq!(asks("transporter", Action::EntryGlance), "allow");
    assert_eq!(asks("transporter", Action::ChartRead), "allow");
    assert_eq!(asks("transporter", Action::EntryRead), "missing_permission");
    assert_eq!(asks("operator", Action::ChartRead), "missing_permission");
    assert_eq!(asks("operator", Action::EntryRead), "missing_permission");
}

#[test]
fn a_hospital_says_itself_which_evidence_is_enough() {
    let stricter = edited("evidence.cedar", "Wardline::Because::\"before\", ", "");
    let engine = stricter.engine().unwrap();
    let decide = |because| {
        engine
            .decide(&explained(Action::ChartRead, because, &["N"]))
            .decision
    };
    assert_eq!(decide(Because::Ward), Decision::Allow);
    let Decision::Deny { code, advice } = decide(Because::Before) else {
        panic!("open")
    };
    assert_eq!(code, "no_basis");
    assert!(advice.iter().any(|line| line.contains("Break the glass")));
}

#[test]
fn a_question_of_before_there_were_reasons_is_read_and_keeps_its_digest() {
    let json = serde_json::to_string(&ada_asks(Action::ChartRead)).unwrap();
    assert!(!json.contains("\"explained\""));
    let asked = explained(Action::ChartRead, Because::Ward, &["N"]);
    let json = serde_json::to_string(&asked).unwrap();
    assert!(json.contains("\"explained\":\"ward\""));
    assert_eq!(serde_json::from_str::<Question>(&json).unwrap(), asked);
}
