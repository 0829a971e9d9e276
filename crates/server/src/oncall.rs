//! Who is on call, as it changes: open apps hear of it.
//!
//! A turn begins and ends by time alone, with no request and no event, so each node looks once a
//! second and compares, also how often schedules changed: that shows a turn further on, or that somebody
//! is asked to swap, on every node. A hint makes it look at once.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::MissedTickBehavior;
use wardline_bus::{Heard, Hint};
use wardline_model::wire::socket::ServerFrame;
use wardline_store::OnCall;

use crate::app::App;
use crate::listen::stopped;
use crate::problem::Refusal;

/// Looks and tells, until told to stop.
pub(crate) async fn run(app: App, mut stop: watch::Receiver<bool>) {
    let mut hints = app.bus.subscribe();
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut known: Option<(Vec<OnCall>, u64)> = None;
    loop {
        let hinted = tokio::select! {
            heard = hints.next() => match heard {
                Some(Heard::Hint(Hint::Roles) | Heard::Missed) => true,
                Some(Heard::Hint(_)) => continue,
                None => return,
            },
            _ = ticks.tick() => false,
            () = stopped(&mut stop) => return,
        };
        match holders(&app).await {
            Ok(now) => {
                let changed = known.as_ref().is_some_and(|known| *known != now);
                known = Some(now);
                if hinted || changed {
                    app.hub.tell_all(&ServerFrame::Roles);
                }
            }
            Err(error) => tracing::warn!(%error, "who is on call was not looked up"),
        }
    }
}

async fn holders(app: &App) -> Result<(Vec<OnCall>, u64), Refusal> {
    let now_ms = app.clock.now_ms();
    let mut facts = app.look().await?;
    Ok((
        facts.oncall(now_ms).await?,
        facts.schedules_version().await?,
    ))
}

const EVERY: Duration = Duration::from_secs(1);
