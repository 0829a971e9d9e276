//! Who is asked when a STAT message finds no answer, by what the store has of people and their work.

use std::collections::BTreeSet;

use wardline_escalation::{Chain, Level};
use wardline_model::wire::groups::GroupKind;
use wardline_model::{RoleSlug, TeamId, UserId};
use wardline_policy::RECORD_KEEPER;
use wardline_store::{OnCall, StoredEscalation, TeamRole, Tx};

use crate::app::App;
use crate::problem::Refusal;

/// Whom a conversation's STAT message is for.
#[derive(Debug)]
pub(crate) struct Audience {
    /// The people.
    pub(crate) recipients: BTreeSet<UserId>,
    /// The role that it is for.
    pub(crate) role: Option<OnCall>,
    /// The departments concerned: the role's, else the recipients'.
    pub(crate) departments: BTreeSet<String>,
}

/// The first level's name.
pub(crate) const RECIPIENTS: &str = "recipients";

/// Whom a page is for, as of now. For a role it is who holds it. Where a code team was called, the others
/// whom it names; everywhere else, and where nobody else holds the role of a role's conversation, the other
/// members. The record keeper and bots answer nobody.
pub(crate) async fn audience(
    tx: &mut Tx,
    stored: &StoredEscalation,
    now_ms: u64,
) -> Result<Audience, Refusal> {
    let (group, sender) = (stored.group_id, stored.sender);
    let found = tx.group(group).await?.ok_or(Refusal::NotFound)?;
    let role = match &stored.role {
        Some(slug) => tx.oncall_role(slug, now_ms).await?,
        None => None,
    };
    let holder = role.as_ref().and_then(|role| role.holder);
    let holder = holder.filter(|holder| *holder != sender);
    let recipients: BTreeSet<UserId> = if let Some(holder) = holder {
        BTreeSet::from([holder])
    } else if role.is_some() && found.kind == GroupKind::Code {
        // The others of the team are asked for what they are; for this one the chain goes on.
        BTreeSet::new()
    } else {
        let mut nobody = tx.people_with_role(RECORD_KEEPER).await?;
        nobody.extend(tx.bots().await?.into_iter().map(|bot| bot.user_id));
        let named = named(tx, found.team_id, found.kind, now_ms).await?;
        let members = tx.members(group).await?.into_iter();
        members
            .map(|member| member.user_id)
            .filter(|user| *user != sender && !nobody.contains(user))
            .filter(|user| named.is_empty() || named.contains(user))
            .collect()
    };
    let departments = if let Some(role) = &role {
        BTreeSet::from([role.department.clone()])
    } else {
        let ids: Vec<UserId> = recipients.iter().copied().collect();
        let people = tx.people(&ids).await?.into_iter();
        people.map(|person| person.department).collect()
    };
    Ok(Audience {
        recipients,
        role,
        departments,
    })
}

/// Who answers for a bot that sent a STAT message: nobody looks at what a program is told.
pub(super) async fn owner(tx: &mut Tx, sender: UserId) -> Result<Option<UserId>, Refusal> {
    Ok(tx.bot(sender).await?.map(|bot| bot.owner))
}

/// The people whom a code team names and who hold none of its roles now.
async fn named(
    tx: &mut Tx,
    team: Option<TeamId>,
    kind: GroupKind,
    now_ms: u64,
) -> Result<BTreeSet<UserId>, Refusal> {
    let Some(team) = team.filter(|_| kind == GroupKind::Code) else {
        return Ok(BTreeSet::new());
    };
    let people = tx.team_people().await?.into_iter();
    let mut named: BTreeSet<UserId> = people
        .filter(|person| person.team_id == team)
        .map(|person| person.user_id)
        .collect();
    let roles = tx.team_roles().await?;
    for role in tx.oncall(now_ms).await? {
        let is_of = |of: &TeamRole| of.team_id == team && of.slug == role.slug;
        if let Some(holder) = role.holder.filter(|_| roles.iter().any(is_of)) {
            named.remove(&holder);
        }
    }
    Ok(named)
}

/// The chain of a page, as of now. Whoever has no device in use cannot be alerted, and is passed over;
/// so is, as long as there is anybody else, who is not to be disturbed.
pub(crate) async fn chain(
    tx: &mut Tx,
    app: &App,
    stored: &StoredEscalation,
    now_ms: u64,
) -> Result<Chain, Refusal> {
    let audience = audience(tx, stored, now_ms).await?;
    let role = audience.role.as_ref().map(|role| role.slug.as_str());
    let escalation = &app.config.escalation;
    let names = escalation.levels_of(role, &audience.departments).to_vec();
    let mut levels = vec![Level {
        name: RECIPIENTS.to_owned(),
        users: audience.recipients.clone(),
    }];
    for name in names {
        let users = people_of(tx, &name, &audience, now_ms).await?;
        levels.push(Level { name, users });
    }
    let everyone: BTreeSet<UserId> = levels
        .iter()
        .flat_map(|level| &level.users)
        .copied()
        .collect();
    let ids: Vec<UserId> = everyone.iter().copied().collect();
    let reached: BTreeSet<UserId> = tx.people_with_devices(&ids).await?.into_iter().collect();
    let quiet = if escalation.ring_quiet {
        BTreeSet::new()
    } else {
        tx.quiet_among(&ids, now_ms).await?.into_iter().collect()
    };
    Ok(Chain {
        levels,
        unavailable: everyone.difference(&reached).copied().collect(),
        quiet,
    })
}

/// Who a level of the configuration is now.
async fn people_of(
    tx: &mut Tx,
    name: &str,
    audience: &Audience,
    now_ms: u64,
) -> Result<BTreeSet<UserId>, Refusal> {
    if name == BACKUP {
        return backup(tx, audience, now_ms).await;
    }
    if let Some(role) = on_call(tx, name, now_ms).await? {
        return Ok(role.holder.into_iter().collect());
    }
    let on_shift = tx.people_on_shift(name, now_ms).await?;
    let here: BTreeSet<UserId> = on_shift
        .iter()
        .filter(|(_, department)| audience.departments.contains(department))
        .map(|(user, _)| *user)
        .collect();
    Ok(if here.is_empty() {
        on_shift.into_iter().map(|(user, _)| user).collect()
    } else {
        here
    })
}

/// The holder of the role's backup; where there is none, whoever is on call for the departments.
async fn backup(
    tx: &mut Tx,
    audience: &Audience,
    now_ms: u64,
) -> Result<BTreeSet<UserId>, Refusal> {
    if let Some(role) = &audience.role
        && let Some(backup) = on_call(tx, &format!("{}-backup", role.slug), now_ms).await?
    {
        return Ok(backup.holder.into_iter().collect());
    }
    let roles = tx.oncall(now_ms).await?.into_iter();
    Ok(roles
        .filter(|role| audience.departments.contains(&role.department))
        .filter_map(|role| role.holder)
        .collect())
}

async fn on_call(tx: &mut Tx, slug: &str, now_ms: u64) -> Result<Option<OnCall>, Refusal> {
    let Ok(slug) = slug.parse::<RoleSlug>() else {
        return Ok(None);
    };
    Ok(tx.oncall_role(&slug, now_ms).await?)
}

const BACKUP: &str = "backup";
