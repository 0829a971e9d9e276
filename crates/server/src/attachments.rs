//! Uploads that nobody finished: removed after a while, so that what a phone gave up takes no space.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::MissedTickBehavior;
use wardline_audit::Salt;
use wardline_audit::event::Kind;
use wardline_bus::Hint;

use crate::app::App;
use crate::gate::patiently;
use crate::listen::stopped;
use crate::problem::Refusal;
use crate::rim::random;

/// Looks and removes, until told to stop. Every node does; what one has removed no other finds.
pub(crate) async fn run(app: App, mut stop: watch::Receiver<bool>) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = stopped(&mut stop) => return,
        }
        match sweep(&app).await {
            Ok(0) => {}
            Ok(_) => app.bus.publish(Hint::Audit),
            Err(error) => tracing::warn!(%error, "unfinished uploads were not removed"),
        }
    }
}

/// Removes what is due; gives how many uploads.
async fn sweep(app: &App) -> Result<usize, Refusal> {
    let now_ms = app.clock.now_ms();
    let before = now_ms.saturating_sub(app.config.attachments.unfinished_hours * HOUR_MS);
    let due = app
        .look()
        .await?
        .unfinished_attachments(before, MOST)
        .await?;
    patiently!(app, |tx| {
        let mut removed = 0;
        for attachment in &due {
            let id = attachment.attachment_id;
            // It may have been finished since, by a device that came back.
            if tx.drop_unfinished_attachment(id).await? {
                let mut event = app.gate.house_event(EXPIRED, "attachment.expire", now_ms);
                event.resource = format!("attachment/{id}");
                event
                    .detail
                    .insert("group".to_owned(), attachment.group_id.to_string().into());
                tx.audit(&event, Salt(random())).await?;
                removed += 1;
            }
        }
        // A day's count needs them for a day.
        tx.forget_attachments(now_ms.saturating_sub(FORGET_MS))
            .await?;
        Ok(removed)
    })
}

const EVERY: Duration = Duration::from_mins(1);
/// How many are removed in one transaction.
const MOST: u32 = 64;
const HOUR_MS: u64 = 60 * 60 * 1000;
const FORGET_MS: u64 = 25 * HOUR_MS;
const EXPIRED: Kind = Kind::named("attachment.expired");
