//! Code teams and broadcast lists. One file for each operation.

pub(crate) mod call;
pub(crate) mod define;
pub(crate) mod list;
pub(crate) mod remove;

use std::collections::{BTreeSet, HashMap};

use wardline_model::wire::directory::OnCallRole;
use wardline_model::wire::enroll::PersonBrief;
use wardline_model::wire::teams::{TeamInfo, TeamKind};
use wardline_model::{TeamId, UserId};
use wardline_policy::Action;
use wardline_store::Tx;

use crate::problem::Refusal;
use crate::shape;

/// What writing to a team asks for.
pub(crate) const fn calling(kind: TeamKind) -> Action {
    match kind {
        TeamKind::Code => Action::TeamCall,
        TeamKind::List => Action::ListSend,
    }
}

/// Every team, or one, with whoever is in it now. `may` says to which kinds the one who asks may write.
async fn infos(
    tx: &mut Tx,
    only: Option<TeamId>,
    now_ms: u64,
    may: impl Fn(TeamKind) -> bool,
) -> Result<Vec<TeamInfo>, Refusal> {
    let teams = tx.teams().await?;
    let members = tx.team_people().await?;
    let roles = tx.team_roles().await?;
    let oncall = tx.oncall(now_ms).await?;
    let holders = oncall.iter().filter_map(|role| role.holder);
    let ids: BTreeSet<UserId> = members.iter().map(|m| m.user_id).chain(holders).collect();
    let ids: Vec<UserId> = ids.into_iter().collect();
    let people = tx.people(&ids).await?;
    let order: Vec<UserId> = people.iter().map(|person| person.user_id).collect();
    let people: HashMap<UserId, PersonBrief> = people
        .into_iter()
        .map(|person| (person.user_id, shape::brief(person)))
        .collect();
    let oncall: Vec<OnCallRole> = oncall
        .into_iter()
        .map(|role| OnCallRole {
            holder: role.holder.and_then(|id| people.get(&id).cloned()),
            slug: role.slug,
            title: role.title,
            department: role.department,
            until: role.until_ms,
        })
        .collect();
    Ok(teams
        .into_iter()
        .filter(|team| only.is_none_or(|only| only == team.team_id))
        .map(|team| {
            let is_in = |user: &&UserId| {
                let one = |m: &wardline_store::TeamPerson| {
                    m.team_id == team.team_id && m.user_id == **user
                };
                members.iter().any(one)
            };
            let has = |role: &&OnCallRole| {
                let one =
                    |r: &wardline_store::TeamRole| r.team_id == team.team_id && r.slug == role.slug;
                roles.iter().any(one)
            };
            TeamInfo {
                id: team.team_id,
                kind: team.kind,
                title: team.title.clone(),
                people: order
                    .iter()
                    .filter(is_in)
                    .filter_map(|id| people.get(id).cloned())
                    .collect(),
                roles: oncall.iter().filter(has).cloned().collect(),
                may_call: may(team.kind),
            }
        })
        .collect())
}

/// Those of these people who have no device in use.
pub(crate) async fn unreachable(
    tx: &mut Tx,
    people: &[PersonBrief],
) -> Result<Vec<UserId>, Refusal> {
    let ids: Vec<UserId> = people.iter().map(|person| person.id).collect();
    let reached: BTreeSet<UserId> = tx.people_with_devices(&ids).await?.into_iter().collect();
    Ok(ids.into_iter().filter(|id| !reached.contains(id)).collect())
}
