//! `POST /v1/invites`: an officer invites a person to enrol a device.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use wardline_audit::event::Kind;
use wardline_model::wire::enroll::{Invite, InviteRequest};
use wardline_model::wire::problem::Problem;
use wardline_model::wire::programs::Path;
use wardline_policy::{Action, Program, Resource};
use wardline_signals::managed::serial_key;

use crate::app::App;
use crate::caller::Caller;
use crate::codes::{self, Invitation};
use crate::extract::Body;
use crate::gate::change;
use crate::problem::Refusal;

/// Makes a one-time code. The answer is the only time that it is seen.
#[utoipa::path(
    post, path = "/v1/invites", tag = "enrolment", request_body = InviteRequest,
    responses(
        (status = 201, body = Invite),
        (status = 403, body = Problem), (status = 404, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Body(request): Body<InviteRequest>,
) -> Result<(StatusCode, Json<Invite>), Refusal> {
    let program: Program = request.program.parse().map_err(|_| Refusal::InvalidBody {
        field: "program".to_owned(),
        expected: "`byod`, `issued`, `shared`, `workstation` or `demo`".to_owned(),
    })?;
    let path = super::path(&app, program).await?;
    let resource = Resource::Invite {
        person: request.user_id,
        program,
        self_service: path == Path::SelfService,
        recovers: super::recovers(&mut app.facts().await?, request.user_id).await?,
    };
    let permit = app
        .decide(caller.asker(), Action::InviteCreate, resource)
        .await?;
    let now_ms = permit.now_ms();
    let serial = request.serial.as_deref().map(serial_key);
    let invitation = Invitation {
        user: request.user_id,
        program,
        genesis: false,
        confirmed: false,
        invited_by: Some(caller.user()),
        serial: serial.clone(),
    };
    if path == Path::Registered && serial.is_none() {
        return Err(Refusal::InvalidBody {
            field: "serial".to_owned(),
            expected: "the serial number of a registered device: this program hands out no other"
                .to_owned(),
        });
    }
    let invite = change!(permit.kind(INVITED), |tx, note| {
        if tx.person(request.user_id).await?.is_none() {
            return Err(Refusal::NotFound);
        }
        if let Some(serial) = &serial {
            let registered = tx.registered_device(serial).await?;
            let fits = registered.is_some_and(|device| {
                let is_theirs = device.user_id.is_none_or(|user| user == request.user_id);
                device.program == program.as_str() && is_theirs
            });
            if !fits {
                return Err(Refusal::NotRegistered);
            }
            if tx.device_of_serial(serial).await?.is_some() {
                return Err(Refusal::SerialTaken);
            }
        }
        let terms = codes::Terms::of(&app.config);
        let made = codes::invite(tx, &app.keys.index, &invitation, &terms, now_ms).await?;
        note.put("invite", made.id.to_string())
            .put("program", program.as_str())
            .put("serial", serial.as_deref());
        Ok(made)
    })?;
    let genesis = app.facts().await?.genesis().await?;
    Ok((
        StatusCode::CREATED,
        Json(invite.into_wire(&app, genesis.as_ref())),
    ))
}

const INVITED: Kind = Kind::named("invite.created");
