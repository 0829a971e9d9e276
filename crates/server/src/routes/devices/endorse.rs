//! `POST /v1/devices/{id}/endorsement`: someone confirmed the string; the device is admitted.

use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use serde_json::to_value;
use wardline_audit::event::Kind;
use wardline_bus::Hint;
use wardline_credential::chain::{self, DETAIL, ENDORSED, NotAdmitted};
use wardline_model::DeviceId;
use wardline_model::endorsement::{Duty, MAX_CHAIN, SignedEndorsement};
use wardline_model::wire::devices::{DeviceInfo, EndorseRequest};
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Resource};
use wardline_store::{Device, Tx, Vouched};

use crate::app::{App, Peer};
use crate::caller::Caller;
use crate::extract::{Body, Id};
use crate::fleet::{self, Moved};
use crate::gate::{Asker, Permit, change};
use crate::problem::Refusal;
use crate::proof::{Proof, access_token};
use crate::routes::devices::duty_of;
use crate::shape;

/// Admits a pending device: verifies the endorsement, issues the certificates and logs it, in one
/// transaction. The genesis, by which the first officer's device admits itself, needs the proof
/// of that device instead of a session, and is taken once.
#[utoipa::path(
    post, path = "/v1/devices/{id}/endorsement", tag = "devices",
    params(("id" = DeviceId, Path)), request_body = EndorseRequest,
    responses(
        (status = 200, body = DeviceInfo),
        (status = 403, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    endorser: Endorser,
    Id(id): Id<DeviceId>,
    parts: Parts,
    Body(EndorseRequest { signed }): Body<EndorseRequest>,
) -> Result<Json<DeviceInfo>, Refusal> {
    let device = super::known(&app, id).await?;
    let permit = match &endorser {
        Endorser::Member(caller) => {
            let own_approval = super::own_approval(&app, caller, &device).await?;
            let resource = super::resource(&device, own_approval);
            app.decide(caller.asker(), Action::DeviceEndorse, resource)
                .await?
        }
        Endorser::Itself(_) => {
            let asker = Asker::anyone(&app, Peer::of(&parts));
            app.decide(&asker, Action::EnrollFinish, Resource::Hospital)
                .await?
        }
    };
    let current = matches!(&endorser, Endorser::Itself(_));
    let (info, moved) = admit(&app, permit, &endorser, &device, &signed, current).await?;
    app.bus.publish(Hint::DeviceChanged { device: id });
    moved.publish(&app);
    Ok(Json(info))
}

/// Who vouches.
pub(crate) enum Endorser {
    /// A person in a session.
    Member(Box<Caller>),
    /// The device itself, as the genesis.
    Itself(Proof),
}

impl FromRequestParts<App> for Endorser {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        if access_token(&parts.headers).is_some() {
            let caller = Caller::from_request_parts(parts, app).await?;
            Ok(Self::Member(Box::new(caller)))
        } else {
            Proof::from_request_parts(parts, app)
                .await
                .map(Self::Itself)
        }
    }
}

async fn admit(
    app: &App,
    permit: Permit,
    endorser: &Endorser,
    device: &Device,
    signed: &SignedEndorsement,
    current: bool,
) -> Result<(DeviceInfo, Moved), Refusal> {
    let now_ms = permit.now_ms();
    change!(permit.kind(Kind::named(ENDORSED)), |tx, note| {
        check_statement(device, signed, now_ms)?;
        match endorser {
            Endorser::Member(caller) => {
                if check_member(tx, caller, device, signed).await? {
                    note.put(ALONE, true);
                }
            }
            Endorser::Itself(proof) => check_genesis(tx, proof, device, signed).await?,
        }
        let issued = super::certify(app, device, now_ms)?;
        let id = device.device_id;
        if !tx
            .activate_device(id, &issued.device, &issued.mls, now_ms)
            .await?
        {
            return Err(Refusal::DeviceState);
        }
        let carried = to_value(signed).map_err(Refusal::internal)?;
        note.put(DETAIL, carried)
            .put("user", device.user_id.to_string());
        let event = note.write(tx).await?;
        match tx.put_endorsement(signed, &event, now_ms).await {
            Err(error) if error.is_conflict() => {
                return Err(Refusal::EndorsementRefused(
                    "the hospital has a first officer",
                ));
            }
            other => other?,
        }
        // From here on its program's rules hold for it.
        let (_, moved) = fleet::assess(app, tx, id, now_ms).await?;
        let device = tx.device(id).await?.ok_or(Refusal::NotFound)?;
        let facts = tx.facts_of(id).await?;
        let owner = tx.person(device.user_id).await?.ok_or(Refusal::NotFound)?;
        let behind = Vouched {
            duty: signed.endorsement.duty,
            endorser: Some(signed.endorsement.endorser),
        };
        let info = shape::device(device, shape::brief(owner), behind, &facts, current);
        Ok((info, moved))
    })
}

/// It is about this device, with these keys, and was signed just now.
fn check_statement(
    device: &Device,
    signed: &SignedEndorsement,
    now_ms: u64,
) -> Result<(), Refusal> {
    let statement = &signed.endorsement;
    let keys = statement
        .keys()
        .map_err(|_| Refusal::EndorsementRefused("its form is not known"))?;
    if statement.device_id != device.device_id || statement.user_id != device.user_id {
        return Err(Refusal::EndorsementRefused("it is about another device"));
    }
    if keys.jkt != device.jkt || keys.mls_key != device.mls_key {
        return Err(Refusal::EndorsementRefused("its keys are not the device's"));
    }
    if statement.issued_at.abs_diff(now_ms) > MAX_AGE_MS {
        return Err(Refusal::EndorsementRefused(
            "its time is too far from the server's",
        ));
    }
    Ok(())
}

/// True where an officer was let in by one officer alone.
async fn check_member(
    tx: &mut Tx,
    caller: &Caller,
    device: &Device,
    signed: &SignedEndorsement,
) -> Result<bool, Refusal> {
    if signed.endorsement.endorser != caller.device() {
        return Err(Refusal::EndorsementRefused(
            "it is signed by another device than yours",
        ));
    }
    let alone = four_eyes(tx, caller, device).await?;
    let own = tx
        .endorsement(caller.device())
        .await?
        .ok_or(Refusal::EndorsementRefused(
            "nobody vouched for your device",
        ))?;
    chain::verify_link(signed, &own.signed.endorsement).map_err(refused)?;
    if tx.endorsement_chain(caller.device()).await?.len() >= MAX_CHAIN {
        return Err(Refusal::EndorsementRefused(
            "too many devices vouch for one another up to it; ask an enrolling officer",
        ));
    }
    let duty = signed.endorsement.duty;
    let asked_for = duty_of(&tx.roles_of(device.user_id).await?);
    // That it is a program's is never left out, nor what ends that one officer lets others in alone.
    let needed = asked_for == Duty::Bot || (alone && asked_for == Duty::Endorses);
    if duty != asked_for && (duty != Duty::None || needed) {
        return Err(Refusal::EndorsementRefused(
            "its person's roles do not ask for that duty",
        ));
    }
    Ok(alone)
}

/// Whoever invited somebody does not confirm their device, too, where one officer alone could be
/// anybody then: somebody who has had a device before, and an officer, whose word is the second one
/// wherever two are asked for. Their own device, or another enrolling officer, does. It is no rule that
/// a policy could take away.
///
/// A hospital begins with one enrolling officer, and that one lets the first others in alone: nobody
/// else could confirm anything. It ends with the first device of another enrolling officer that
/// vouches for others; true where it was so for an officer.
async fn four_eyes(tx: &mut Tx, caller: &Caller, device: &Device) -> Result<bool, Refusal> {
    let owner = device.user_id;
    let had_one = tx
        .devices_of(owner)
        .await?
        .iter()
        .any(|other| other.device_id != device.device_id && other.activated_at.is_some());
    let officer = is_officer(&tx.roles_of(owner).await?);
    if owner == caller.user() || !(had_one || officer) {
        return Ok(false);
    }
    let invite = match tx.enrollment_of_device(device.device_id).await? {
        Some(enrollment) => tx.invite(enrollment.invite_id).await?,
        None => None,
    };
    if invite.and_then(|invite| invite.invited_by) != Some(caller.user()) {
        return Ok(false);
    }
    let advice = if had_one {
        "You invited this person, who has had a device before. Their own device or another officer \
         has to confirm the new one."
    } else if tx.another_endorses(ENROLLING, caller.user()).await? {
        "You invited this person, who is an officer. Another enrolling officer has to confirm their \
         first device."
    } else {
        return Ok(true);
    };
    Err(Refusal::Denied {
        code: "invited_by_you".to_owned(),
        advice: vec![advice.to_owned()],
    })
}

/// Those of whom two are asked for: for policies, recoveries, orders about records.
fn is_officer(roles: &[String]) -> bool {
    roles.iter().any(|role| {
        matches!(
            role.as_str(),
            ENROLLING | "security_officer" | "privacy_officer"
        )
    })
}

async fn check_genesis(
    tx: &mut Tx,
    proof: &Proof,
    device: &Device,
    signed: &SignedEndorsement,
) -> Result<(), Refusal> {
    if !signed.endorsement.is_genesis() || proof.jkt() != device.jkt {
        return Err(Refusal::NoSession);
    }
    let enrollment = tx.enrollment_of_device(device.device_id).await?;
    let invite = match enrollment {
        Some(enrollment) => tx.invite(enrollment.invite_id).await?,
        None => None,
    };
    if !invite.is_some_and(|invite| invite.genesis) {
        return Err(Refusal::EndorsementRefused(
            "only the console's first code allows this",
        ));
    }
    if tx.genesis().await?.is_some() {
        return Err(Refusal::EndorsementRefused(
            "the hospital has a first officer",
        ));
    }
    chain::verify_signature(signed, &signed.endorsement).map_err(refused)
}

fn refused(error: NotAdmitted) -> Refusal {
    Refusal::EndorsementRefused(match error {
        NotAdmitted::NoRight => "your device may not vouch for this one",
        NotAdmitted::Signature => "its signature is wrong",
        _ => "it does not join up with yours",
    })
}

/// The detail of an event that says so.
const ALONE: &str = "alone";
const ENROLLING: &str = "enrolling_officer";
const MAX_AGE_MS: u64 = 15 * 60 * 1000;
