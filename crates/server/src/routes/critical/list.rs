//! `GET /v1/critical-calls`: what a bot is to tell roles of.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use wardline_audit::event::Kind;
use wardline_model::wire::critical::{CriticalCall, CriticalCalls};
use wardline_model::wire::problem::Problem;
use wardline_model::{DeviceId, PatientId};
use wardline_policy::{Action, BotFacts, Resource};
use wardline_store::{CriticalRow, Tx};

use crate::app::App;
use crate::caller::Caller;
use crate::gate::change;
use crate::hl7::Told;
use crate::problem::Refusal;
use crate::routes::critical::{bot, patient_of};

/// Critical results and alarms of the roles that the bot writes to, the oldest first. Each is this device's for
/// half a minute: it posts it as a STAT message and says so, or asks again and gets it again. Others get what it
/// has not posted by then.
#[utoipa::path(
    get, path = "/v1/critical-calls", tag = "integrations",
    responses(
        (status = 200, body = CriticalCalls), (status = 401, body = Problem),
        (status = 403, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<CriticalCalls>, Refusal> {
    let permit = app
        .decide(caller.asker(), Action::CriticalCallTake, Resource::Hospital)
        .await?;
    let now_ms = permit.now_ms();
    let bot = bot(&caller)?;
    let reads = bot.reads;
    let device = caller.device();
    // Most of the time nothing waits, and nobody is to be kept from writing for it.
    let waiting = waiting_for(&mut app.look().await?, bot, device, now_ms).await?;
    if waiting.is_empty() {
        permit.record().await?;
        return Ok(Json(CriticalCalls {
            calls: Vec::new(),
            reads,
        }));
    }
    let calls = change!(permit.kind(HANDED), |tx, note| {
        let mut calls: Vec<CriticalCall> = Vec::new();
        for row in waiting_for(tx, bot, device, now_ms).await? {
            if calls.len() >= AT_ONCE {
                break;
            }
            let told: Told = match serde_json::from_slice(row.body.expose()) {
                Ok(told) => told,
                Err(error) => {
                    // It shows as late; those behind it do not wait for it.
                    tracing::error!(call = %row.call_id, %error, "a critical call cannot be read");
                    continue;
                }
            };
            let until = now_ms.saturating_add(LEASE_MS);
            if !tx.hand_critical(row.call_id, device, until, now_ms).await? {
                continue;
            }
            calls.push(CriticalCall {
                id: row.call_id,
                role: row.role,
                patient: patient_of(tx, &told).await?,
                findings: told.findings,
                others: told.others,
                since: row.due_at,
            });
        }
        let ids: Vec<String> = calls.iter().map(|call| call.id.to_string()).collect();
        // As a search in the record, which it is to whoever asks whose results were disclosed.
        let mut entries: BTreeMap<&str, BTreeMap<&str, Vec<&str>>> = BTreeMap::new();
        for call in &calls {
            let observations = call.findings.iter();
            let observations = observations.filter_map(|it| it.observation.as_deref());
            let patient = call.patient.as_ref().map_or("", PatientId::as_str);
            let of_patient = entries.entry(patient).or_default();
            of_patient
                .entry("Observation")
                .or_default()
                .extend(observations);
        }
        let entries = serde_json::to_value(&entries).map_err(Refusal::internal)?;
        note.put("calls", ids)
            .put("interaction", "search-type")
            .put("type", "Observation")
            .put("by", vec!["critical"])
            .put("entries", entries);
        Ok(calls)
    })?;
    Ok(Json(CriticalCalls { calls, reads }))
}

/// What waits for the roles that a bot writes to: however many wait for others, its own come.
async fn waiting_for(
    tx: &mut Tx,
    bot: &BotFacts,
    device: DeviceId,
    now_ms: u64,
) -> Result<Vec<CriticalRow>, Refusal> {
    if bot.anywhere {
        return Ok(tx.critical_for(device, None, LOOKED_AT, now_ms).await?);
    }
    let mut waiting = Vec::new();
    for role in &bot.roles {
        waiting.extend(
            tx.critical_for(device, Some(role), LOOKED_AT, now_ms)
                .await?,
        );
    }
    waiting.sort_by_key(|row| row.due_at);
    Ok(waiting)
}

/// For so long a call is one device's.
const LEASE_MS: u64 = 30_000;
const AT_ONCE: usize = 16;
/// More than are handed out at once: some cannot be read, or another device is faster.
const LOOKED_AT: u32 = 64;
const HANDED: Kind = Kind::named("critical.handed");
