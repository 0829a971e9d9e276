//! `POST /v1/fleet/import`: what any device manager exports.

use axum::Json;
use axum::extract::State;
use wardline_audit::event::Kind;
use wardline_model::wire::fleet::{ImportAnswer, ImportFormat, ImportRequest};
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Resource};
use wardline_signals::refusal::{Limits, Refused};
use wardline_signals::{csv, json};

use crate::app::App;
use crate::caller::Caller;
use crate::extract::Body;
use crate::fleet::managers;
use crate::gate::change;
use crate::problem::Refusal;

/// Takes an export of a device manager, whole or not at all, and looks at each device that it is
/// about.
#[utoipa::path(
    post, path = "/v1/fleet/import", tag = "devices", request_body = ImportRequest,
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
        .kind(IMPORTED);
    let now_ms = permit.now_ms();
    let source = request.source.as_deref().map_or("", str::trim);
    if source.is_empty()
        || source == managers::INTUNE
        || source.chars().count() > 60
        || source.chars().any(char::is_control)
    {
        return Err(Refusal::InvalidBody {
            field: "source".to_owned(),
            expected: "the manager's name, 1 to 60 characters, other than `intune`".to_owned(),
        });
    }
    let bytes = request.text.as_bytes();
    let limits = Limits::default();
    let devices = match request.format {
        ImportFormat::Csv => csv::import(bytes, source, now_ms, limits),
        ImportFormat::Json => json::import(bytes, source, now_ms, limits),
    }
    .map_err(|refused| refusal(&refused))?;
    let taken = change!(permit, |tx, note| {
        let taken = managers::take(&app, tx, &devices, now_ms).await?;
        note.put("source", source)
            .put("devices", devices.len())
            .put("matched", taken.matched);
        Ok(taken)
    })?;
    let answer = ImportAnswer {
        devices: devices.len() as u64,
        matched: taken.matched as u64,
    };
    taken.moved.publish(&app);
    Ok(Json(answer))
}

/// Every reason, for whoever mends the file.
pub(super) fn refusal(refused: &Refused) -> Refusal {
    let mut reasons: Vec<String> = refused.reasons.iter().map(|r| format!("{r}.")).collect();
    if refused.more > 0 {
        reasons.push(format!("And {} more.", refused.more));
    }
    Refusal::ImportRefused(reasons)
}

const IMPORTED: Kind = Kind::named("fleet.imported");
