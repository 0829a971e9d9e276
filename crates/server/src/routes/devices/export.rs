//! `POST /v1/devices/export`: devices and whose they are, as a table for a spreadsheet.

use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use serde_json::json;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use wardline_audit::event::Kind;
use wardline_model::DeviceId;
use wardline_model::wire::devices::{DeviceInfo, ExportRequest, ExportedFile};
use wardline_model::wire::enroll::{DeviceState, PersonBrief};
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Resource};
use wardline_store::{Device, Vouched};

use crate::app::App;
use crate::caller::Caller;
use crate::extract::Body;
use crate::gate::change;
use crate::problem::Refusal;
use crate::shape;

/// The table is made here, once the decision has been made and recorded with how many devices leave.
/// That they were looked at is noted for their owners. Devices that there are not are left out.
#[utoipa::path(
    post, path = "/v1/devices/export", tag = "devices", request_body = ExportRequest,
    responses(
        (status = 200, body = ExportedFile), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Body(request): Body<ExportRequest>,
) -> Result<Json<ExportedFile>, Refusal> {
    let wanted = request.device_ids;
    if wanted.is_empty() || wanted.len() > MOST {
        return Err(Refusal::InvalidBody {
            field: "device_ids".to_owned(),
            expected: format!("1 to {MOST} devices"),
        });
    }
    let permit = app
        .decide(caller.asker(), Action::DeviceExport, Resource::Hospital)
        .await?;
    let mut facts = app.facts().await?;
    let devices = facts.devices(&wanted).await?;
    let mut owners: Vec<_> = devices.iter().map(|device| device.user_id).collect();
    owners.sort_unstable();
    owners.dedup();
    let people = facts.people(&owners).await?.into_iter();
    let people: HashMap<_, PersonBrief> = people
        .map(|person| (person.user_id, shape::brief(person)))
        .collect();
    let ids: Vec<DeviceId> = devices.iter().map(|device| device.device_id).collect();
    let mut known = facts.facts_of_devices(&ids).await?;
    drop(facts);
    let mut devices: HashMap<DeviceId, Device> = devices
        .into_iter()
        .map(|device| (device.device_id, device))
        .collect();
    let mut text = line(&HEAD);
    let mut rows = 0_u64;
    let mut seen = Vec::new();
    for id in &wanted {
        let Some(device) = devices.remove(id) else {
            continue;
        };
        let Some(owner) = people.get(&device.user_id) else {
            continue;
        };
        if device.user_id != caller.user() {
            seen.push(device.device_id);
        }
        let facts = known.remove(id).unwrap_or_default();
        let current = device.device_id == caller.device();
        let shown = shape::device(device, owner.clone(), Vouched::default(), &facts, current);
        text.push_str(&row(&shown));
        rows += 1;
    }
    let now_ms = permit.now_ms();
    change!(permit.kind(EXPORTED), |tx, note| {
        note.put("devices", json!(rows));
        tx.note_views(&seen, caller.user(), now_ms).await?;
        Ok(())
    })?;
    Ok(Json(ExportedFile {
        file: "devices.csv".to_owned(),
        text,
        rows,
    }))
}

fn row(device: &DeviceInfo) -> String {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    line(&[
        &device.user.name,
        &device.user.username,
        &device.user.department,
        &device.name,
        &device.program,
        &text(&device.model),
        &text(&device.system),
        &text(&device.serial),
        state(device.state),
        &iso(device.deadline),
        &iso(device.last_seen_at),
        &iso(Some(device.created_at)),
        &text(&device.problem),
        &text(&device.step),
        &device.id.to_string(),
    ])
}

/// Fields as a line of RFC 4180.
fn line(fields: &[&str]) -> String {
    let fields: Vec<String> = fields.iter().map(|text| field(text)).collect();
    fields.join(",") + "\r\n"
}

/// No field is taken for a formula: devices and people are named by others.
fn field(text: &str) -> String {
    let inert = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    };
    if inert.contains(['"', ',', '\r', '\n']) {
        format!("\"{}\"", inert.replace('"', "\"\""))
    } else {
        inert
    }
}

fn iso(ms: Option<u64>) -> String {
    let at = ms.and_then(|ms| i64::try_from(ms / 1000).ok());
    at.and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok())
        .and_then(|at| at.format(&Rfc3339).ok())
        .unwrap_or_default()
}

/// As the app calls it.
const fn state(state: DeviceState) -> &'static str {
    match state {
        DeviceState::Pending => "Waiting for confirmation",
        DeviceState::Active => "In use",
        DeviceState::Grace => "In use, to be mended",
        DeviceState::Quarantined => "Shut out",
        DeviceState::Lost => "Lost",
        DeviceState::Wiped => "Erased",
        DeviceState::Retired => "Out of use",
    }
}

const HEAD: [&str; 15] = [
    "Owner",
    "Sign-in name",
    "Department",
    "Device",
    "Program",
    "Model",
    "System",
    "Serial number",
    "State",
    "Deadline",
    "Last here",
    "Enrolled",
    "Why",
    "What to do",
    "Id",
];
/// Devices of a file: with their ids a request stays below the largest body.
const MOST: usize = 10_000;
const EXPORTED: Kind = Kind::named("devices.exported");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_break_a_row_is_quoted() {
        let fields = ["Amara's phone", "a, b", "the \"old\" one", "two\nlines", ""];
        let expected = "Amara's phone,\"a, b\",\"the \"\"old\"\" one\",\"two\nlines\",\r\n";
        assert_eq!(line(&fields), expected);
    }

    #[test]
    fn a_spreadsheet_is_handed_no_formula() {
        let fields = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "a=b"];
        assert_eq!(line(&fields), "'=1+1,'+1,'-1,'@SUM(A1),'\tx,a=b\r\n");
        let link = line(&["=HYPERLINK(\"https://x\",\"y\")"]);
        assert_eq!(link, "\"'=HYPERLINK(\"\"https://x\"\",\"\"y\"\")\"\r\n");
    }

    #[test]
    fn times_are_those_of_the_whole_world() {
        assert_eq!(iso(Some(1_767_225_600_000)), "2026-01-01T00:00:00Z");
        assert_eq!(iso(None), "");
    }
}
