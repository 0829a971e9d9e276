//! `GET /v1/groups`: the person's conversations.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use axum::Json;
use axum::extract::State;
use wardline_model::wire::directory::PatientBanner;
use wardline_model::wire::enroll::PersonBrief;
use wardline_model::wire::groups::{GroupList, GroupSummary, Member};
use wardline_model::wire::problem::Problem;
use wardline_model::{DeviceId, PatientId, RoleSlug, TeamId, UserId};
use wardline_policy::{Action, RECORD_KEEPER, Resource};
use wardline_store::{GroupListing, Tx};

use crate::app::App;
use crate::caller::Caller;
use crate::charts;
use crate::problem::Refusal;
use crate::shape;

/// Newest activity first, with members, receipts, and the patient's banner where the policy lets
/// this person see it.
#[utoipa::path(
    get, path = "/v1/groups", tag = "conversations",
    responses((status = 200, body = GroupList), (status = 403, body = Problem)),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<GroupList>, Refusal> {
    let permit = app
        .decide(caller.asker(), Action::GroupList, Resource::Hospital)
        .await?;
    let now_ms = permit.now_ms();
    let mut facts = app.facts().await?;
    let listings = facts.groups_of(caller.user()).await?;
    let people = people(&mut facts, &listings).await?;
    let titles: HashMap<RoleSlug, String> = facts
        .oncall(now_ms)
        .await?
        .into_iter()
        .map(|role| (role.slug, role.title))
        .collect();
    let teams: HashMap<TeamId, String> = facts
        .teams()
        .await?
        .into_iter()
        .map(|team| (team.team_id, team.title))
        .collect();
    let banners = banners(&app, &caller, &mut facts, &listings, now_ms).await?;
    let record_keepers = record_keepers(&mut facts).await?;
    drop(facts);

    let mut note = permit.note();
    let shown: Vec<String> = banners.keys().map(ToString::to_string).collect();
    note.put("conversations", listings.len())
        .put("patients", shown);
    permit.record_with(note).await?;
    let groups = listings
        .into_iter()
        .map(|listing| {
            let group = listing.group;
            let mut devices: BTreeMap<UserId, Vec<DeviceId>> = BTreeMap::new();
            for member in listing.members {
                devices
                    .entry(member.user_id)
                    .or_default()
                    .push(member.device_id);
            }
            let members = devices
                .into_iter()
                .filter_map(|(id, devices)| {
                    Some(Member {
                        user: people.get(&id)?.clone(),
                        devices,
                    })
                })
                .collect();
            GroupSummary {
                id: group.group_id,
                kind: group.kind,
                role_title: group
                    .role
                    .as_ref()
                    .and_then(|role| titles.get(role).cloned()),
                role: group.role,
                purpose: group.purpose.map(Into::into),
                team_title: group.team_id.and_then(|team| teams.get(&team).cloned()),
                team: group.team_id,
                created_by: Some(group.created_by),
                patient: group
                    .patient_id
                    .as_ref()
                    .and_then(|id| banners.get(id).cloned()),
                patient_id: group.patient_id,
                members,
                epoch: group.epoch,
                last_seq: group.last_seq,
                last_message_at: group.last_message_at,
                removal_pending: group.removal_pending,
                receipts: listing.receipts,
            }
        })
        .collect();
    Ok(Json(GroupList {
        groups,
        record_keepers,
    }))
}

/// Record keepers with a device in use.
async fn record_keepers(facts: &mut Tx) -> Result<Vec<UserId>, Refusal> {
    let keepers = facts.people_with_role(RECORD_KEEPER).await?;
    let devices = facts.active_devices_of(&keepers).await?;
    let in_use: BTreeSet<UserId> = devices.into_iter().map(|(user, _)| user).collect();
    Ok(in_use.into_iter().collect())
}

async fn people(
    facts: &mut Tx,
    listings: &[GroupListing],
) -> Result<HashMap<UserId, PersonBrief>, Refusal> {
    let ids: BTreeSet<UserId> = listings
        .iter()
        .flat_map(|l| l.members.iter().map(|member| member.user_id))
        .collect();
    let ids: Vec<UserId> = ids.into_iter().collect();
    let people = facts.people(&ids).await?;
    Ok(people
        .into_iter()
        .map(|person| (person.user_id, shape::brief(person)))
        .collect())
}

async fn banners(
    app: &App,
    caller: &Caller,
    facts: &mut Tx,
    listings: &[GroupListing],
    now_ms: u64,
) -> Result<BTreeMap<PatientId, PatientBanner>, Refusal> {
    let mut banners = BTreeMap::new();
    for id in listings
        .iter()
        .filter_map(|listing| listing.group.patient_id.as_ref())
    {
        if banners.contains_key(id) {
            continue;
        }
        let resource = Resource::Patient {
            id: id.clone(),
            care_team: facts.cares_for(caller.user(), id).await?,
            conversation: true,
            glass: None,
            explained: None,
            labels: charts::labels(facts, id).await?,
        };
        if app.may(caller.asker(), Action::PatientRead, resource)
            && let Some(banner) = charts::patient(facts, id, now_ms).await?
        {
            banners.insert(id.clone(), banner);
        }
    }
    Ok(banners)
}
