//! `POST /v1/fleet/registered`: devices that the hospital bought.

use axum::Json;
use axum::extract::State;
use wardline_audit::event::Kind;
use wardline_model::wire::fleet::{ImportAnswer, ImportFormat, ImportRequest};
use wardline_model::wire::problem::Problem;
use wardline_model::wire::programs::Ownership;
use wardline_policy::{Action, Resource};
use wardline_signals::managed::serial_key;
use wardline_signals::prereg;
use wardline_signals::refusal::Limits;
use wardline_store::RegisteredDevice;

use crate::app::App;
use crate::caller::Caller;
use crate::extract::Body;
use crate::fleet::Rulebook;
use crate::gate::change;
use crate::problem::Refusal;
use crate::routes::fleet::import::refusal;

/// Registers devices by their serial numbers from a CSV file, whole or not at all. What was
/// registered under a number before is replaced.
#[utoipa::path(
    post, path = "/v1/fleet/registered", tag = "devices", request_body = ImportRequest,
    responses(
        (status = 200, body = ImportAnswer), (status = 403, body = Problem),
        (status = 422, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Body(request): Body<ImportRequest>,
) -> Result<Json<ImportAnswer>, Refusal> {
    let permit = app
        .decide(caller.asker(), Action::FleetManage, Resource::Hospital)
        .await?
        .kind(REGISTERED);
    let now_ms = permit.now_ms();
    if request.format != ImportFormat::Csv {
        return Err(Refusal::InvalidBody {
            field: "format".to_owned(),
            expected: "`csv`".to_owned(),
        });
    }
    let mut facts = app.facts().await?;
    let rules = Rulebook::load(&app, &mut facts).await?;
    drop(facts);
    let slugs: Vec<&str> = rules
        .programs()
        .filter(|program| program.terms.ownership != Ownership::Personal)
        .map(|program| program.terms.slug.as_str())
        .collect();
    let registrations = prereg::read(request.text.as_bytes(), &slugs, Limits::default())
        .map_err(|refused| refusal(&refused))?;
    change!(permit, |tx, note| {
        let mut strangers = Vec::new();
        for registration in &registrations {
            let owner = match &registration.owner {
                Some(name) => tx.person_by_username(name).await?.map(|p| p.user_id),
                None => None,
            };
            if owner.is_none() && registration.owner.is_some() {
                strangers.push(format!(
                    "{}: its owner is nobody's sign-in name here.",
                    registration.serial
                ));
            }
            let device = RegisteredDevice {
                serial: serial_key(&registration.serial),
                program: registration.program.clone(),
                model: registration.model.clone().unwrap_or_default(),
                note: registration.note.clone().unwrap_or_default(),
                user_id: owner,
                registered_at: now_ms,
                registered_by: Some(caller.user()),
            };
            tx.register_device(&device).await?;
        }
        if !strangers.is_empty() {
            strangers.truncate(20);
            return Err(Refusal::ImportRefused(strangers));
        }
        note.put("devices", registrations.len());
        Ok(())
    })?;
    Ok(Json(ImportAnswer {
        devices: registrations.len() as u64,
        matched: 0,
    }))
}

const REGISTERED: Kind = Kind::named("fleet.registered");
