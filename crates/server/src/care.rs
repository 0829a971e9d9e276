//! Care teams, as they change: those in a conversation with one hear of it.
//!
//! Who is on a care team comes from the hospital's records and nobody signed it, so nobody is let into a
//! conversation by it: the members' apps are told, show who is missing, and a member lets them in. Each node
//! looks once a second whether any care team changed, which costs one small query.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::MissedTickBehavior;
use wardline_model::wire::socket::ServerFrame;

use crate::app::App;
use crate::listen::stopped;
use crate::problem::Refusal;

/// Looks and tells, until told to stop.
pub(crate) async fn run(app: App, mut stop: watch::Receiver<bool>) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut known = None;
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = stopped(&mut stop) => return,
        }
        match look(&app, known).await {
            Ok(version) => known = Some(version),
            Err(error) => tracing::warn!(%error, "care teams were not looked at"),
        }
    }
}

/// Tells what changed since a version; gives the newest one. Whoever connects looks by themselves, so
/// nothing is told of what was before the first look.
async fn look(app: &App, known: Option<u64>) -> Result<u64, Refusal> {
    let mut facts = app.look().await?;
    let version = facts.care_teams_version().await?;
    let Some(known) = known.filter(|known| *known < version) else {
        return Ok(version);
    };
    for group in facts.care_team_groups_after(known).await? {
        app.hub.tell(group, &ServerFrame::CareTeam { group });
    }
    Ok(version)
}

const EVERY: Duration = Duration::from_secs(1);
