//! `POST /v1/enroll/start`: a new device presents its code.

use axum::Json;
use axum::extract::State;
use axum::http::request::Parts;
use wardline_audit::event::Kind;
use wardline_model::code::EnrollCode;
use wardline_model::wire::enroll::{EnrollStart, EnrollStarted};
use wardline_model::wire::problem::Problem;
use wardline_model::{B64, DeviceId, EnrollmentId};
use wardline_policy::{Action, Resource};
use wardline_store::{Consumed, Enrollment, Invite, Tx};

use crate::app::{App, Peer};
use crate::codes;
use crate::extract::Body;
use crate::fleet::{Rulebook, notice};
use crate::gate::{Asker, Note, change};
use crate::problem::Refusal;
use crate::proof::Proof;
use crate::rim::random;
use crate::shape;

/// Takes the code for this device key and begins the registration of a passkey. The same key may
/// repeat it until the code ends.
#[utoipa::path(
    post, path = "/v1/enroll/start", tag = "enrolment", request_body = EnrollStart,
    responses((status = 200, body = EnrollStarted), (status = 403, body = Problem)),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    proof: Proof,
    parts: Parts,
    Body(request): Body<EnrollStart>,
) -> Result<Json<EnrollStarted>, Refusal> {
    let asker = Asker::anyone(&app, Peer::of(&parts));
    let permit = app
        .decide(&asker, Action::EnrollStart, Resource::Hospital)
        .await?;
    let code = EnrollCode::parse(&request.code).map_err(|_| Refusal::CodeRefused)?;
    let name = request.device_name.trim();
    if name.is_empty() || name.chars().count() > 80 || name.chars().any(char::is_control) {
        return Err(Refusal::InvalidBody {
            field: "device_name".to_owned(),
            expected: "1 to 80 characters".to_owned(),
        });
    }
    let started = change!(permit.kind(STARTED), |tx, note| {
        let invite = match accept(&app, tx, note, &asker, &code).await? {
            Ok(invite) => invite,
            Err(refusal) => return Ok(Err(refusal)),
        };
        begin(&app, tx, note, &asker, &invite, &proof, &request).await
    })??;
    Ok(Json(started))
}

/// The invitation that the code opens, for a person who may enrol. A wrong guess is counted, so
/// it is an inner error: the outer one would take the count back.
async fn accept(
    app: &App,
    tx: &mut Tx,
    note: &mut Note,
    asker: &Asker,
    code: &EnrollCode,
) -> Result<Result<Invite, Refusal>, Refusal> {
    let refuse = |note: &mut Note, why| {
        note.refused(why);
        Ok(Err(Refusal::CodeRefused))
    };
    let Some(invite) = tx.invite_for_attempt(code.handle()).await? else {
        return refuse(note, "code_unknown");
    };
    note.put("invite", invite.invite_id.to_string());
    if invite.attempts_left == 0 {
        return refuse(note, "code_dead");
    }
    if invite.expires_at <= asker.now_ms {
        return refuse(note, "code_expired");
    }
    if !invite.opens_with(&codes::hash(&app.keys.index, code)) {
        let left = tx.count_attempt(invite.invite_id).await?;
        note.put("attempts_left", left);
        return refuse(note, "code_wrong");
    }
    let person = tx.person(invite.user_id).await?.ok_or(Refusal::NotFound)?;
    let roles = tx.roles_of(invite.user_id).await?;
    let known = asker.with_person(&person, roles);
    if let Err(refusal) = app.judge(&known, Action::EnrollStart, Resource::Hospital) {
        note.refused("person_refused");
        return Ok(Err(refusal));
    }
    Ok(Ok(invite))
}

async fn begin(
    app: &App,
    tx: &mut Tx,
    note: &mut Note,
    asker: &Asker,
    invite: &Invite,
    proof: &Proof,
    request: &EnrollStart,
) -> Result<Result<EnrollStarted, Refusal>, Refusal> {
    let now_ms = asker.now_ms;
    let jkt = proof.jkt();
    if tx.consume_invite(invite.invite_id, &jkt, now_ms).await? == Consumed::No {
        note.refused("code_used");
        return Ok(Err(Refusal::CodeRefused));
    }
    let person = tx.person(invite.user_id).await?.ok_or(Refusal::NotFound)?;
    let rules = Rulebook::load(app, tx).await?;
    let terms = rules.terms(&invite.program)?;
    let ceremony = app.passkeys.begin_registration(
        person.user_id,
        &person.username,
        &person.name,
        &super::demand(terms),
    )?;
    let enrollment = tx.enrollment_of_key(invite.invite_id, &jkt, now_ms).await?;
    let enrollment = if let Some(enrollment) = enrollment {
        let id = enrollment.enrollment_id;
        tx.set_enrollment_state(id, &ceremony.state).await?;
        enrollment
    } else {
        let enrollment = Enrollment {
            enrollment_id: EnrollmentId::from_random(random()),
            device_id: DeviceId::from_random(random()),
            invite_id: invite.invite_id,
            user_id: invite.user_id,
            program: invite.program.clone(),
            jkt,
            device_name: request.device_name.trim().to_owned(),
            platform: request.platform,
            challenge: Some(random()),
            created_at: now_ms,
            expires_at: invite.expires_at,
            finished_at: None,
        };
        tx.create_enrollment(&enrollment, &ceremony.state).await?;
        enrollment
    };
    let privacy_notice = terms.enrolment.privacy_notice.then(|| notice::of(terms));
    note.put("enrollment", enrollment.enrollment_id.to_string())
        .put("device", enrollment.device_id.to_string())
        .put("user", enrollment.user_id.to_string());
    Ok(Ok(EnrollStarted {
        enrollment_id: enrollment.enrollment_id,
        device_id: enrollment.device_id,
        user: shape::brief(person),
        program: enrollment.program,
        creation: ceremony.options,
        attestation_challenge: enrollment.challenge.map(B64::from),
        privacy_notice,
        expires_at: enrollment.expires_at,
    }))
}

const STARTED: Kind = Kind::named("enrollment.started");
