//! What a bot hears, posted to a system beside it: for those that cannot hold a stream open.
//!
//! In order, at least once, over restarts of either side: where it stands is in the bot's own store once the
//! receiver has taken it, and the receiver tells a repetition by its id. A receiver that is away holds up what
//! comes after; one that says that it will never take something is not asked again.

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::oneshot;
use wardline_client_native::clock;
use wardline_model::GroupId;
use wardline_server::webhook::{Hook, Outcome, Secret};

use super::{Api, Job, News, PATIENCE, token};
use crate::failure::Failure;
use crate::verbs::client::Printed;

/// The receiver. Its secret is made where there is none.
pub(super) fn open(url: &str, secret_file: &Path, ca: &Path) -> Result<Hook, Failure> {
    if !is_safe(url) {
        return Err(Failure::usage(
            "--webhook takes an https address, or an http one of this machine's loopback by its number, \
             such as http://127.0.0.1:9000/heard: what is posted there can be read on the way otherwise",
        ));
    }
    let wrong = |error| Failure::usage(format!("--webhook: {error}"));
    let secret = Secret::parse(&token(secret_file)?).map_err(wrong)?;
    Hook::new(url.to_owned(), secret, ca).map_err(wrong)
}

/// Whether nobody else can read what is posted to an address. A name is no loopback: it is whatever a
/// resolver says.
fn is_safe(url: &str) -> bool {
    let Ok(url) = url.parse::<axum::http::Uri>() else {
        return false;
    };
    let host = url.host().unwrap_or_default();
    let is_bare = url.authority().is_some_and(|a| !a.as_str().contains('@'));
    let is_loopback = || {
        let host = host.trim_start_matches('[').trim_end_matches(']');
        host.parse().is_ok_and(|host: IpAddr| host.is_loopback())
    };
    match url.scheme_str() {
        Some("https") => is_bare && !host.is_empty(),
        Some("http") => is_bare && is_loopback(),
        _ => false,
    }
}

/// Posts what comes, for as long as the client lives.
pub(super) async fn run(hook: Hook, api: Arc<Api>) {
    loop {
        // Before the look back, so that nothing falls between.
        let mut news = api.news.subscribe();
        let Some((missed, mut posted)) = missed(&api).await else {
            tokio::time::sleep(AGAIN).await;
            continue;
        };
        let mut stands = true;
        for news in missed {
            stands = stands && tell(&hook, &api, &news, &mut posted).await;
        }
        while stands {
            match news.recv().await {
                Ok(news) => stands = tell(&hook, &api, &news, &mut posted).await,
                // It fell behind: what it missed is looked up.
                Err(RecvError::Lagged(_)) => break,
                Err(RecvError::Closed) => return,
            }
        }
    }
}

/// What was not posted yet, and up to where each conversation was.
async fn missed(api: &Api) -> Option<(Vec<Arc<News>>, Printed)> {
    let (reply, answer) = oneshot::channel();
    let job = Job::Unposted(reply);
    api.jobs.send(job).await.ok()?;
    api.wake.notify_one();
    tokio::time::timeout(PATIENCE, answer)
        .await
        .ok()?
        .ok()?
        .ok()
}

/// Posts one until it is taken or never will be, and keeps that. Whether it is kept.
async fn tell(hook: &Hook, api: &Api, news: &News, posted: &mut Printed) -> bool {
    let at = match news {
        News::Message(received) => place(&received.line),
        News::Escalation(_) => None,
    };
    // By the conversation's own order, for the hospital's clock tells nothing of what comes late.
    if at.is_some_and(|(group, seq)| posted.get(&group).is_some_and(|last| seq <= *last)) {
        return true;
    }
    let (id, body) = match news {
        News::Message(received) => {
            let body = json!({ "type": "message", "data": received.line });
            (received.place.1.clone(), body)
        }
        News::Escalation(line) => {
            let text = |name: &str| line[name].as_str().unwrap_or_default();
            let body = json!({ "type": "escalation", "data": line });
            (format!("{}.{}", text("id"), text("state")), body)
        }
    };
    let body = body.to_string().into_bytes();
    let mut wait = FIRST_WAIT;
    while let Outcome::Refused { for_good: false } =
        hook.post(&id, clock::now_ms(), body.clone()).await
    {
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(LONGEST_WAIT);
    }
    let Some((group, seq)) = at else {
        return true;
    };
    posted.insert(group, seq);
    let (reply, answer) = oneshot::channel();
    let job = Job::Posted(posted.clone(), reply);
    if api.jobs.send(job).await.is_err() {
        return false;
    }
    api.wake.notify_one();
    let kept = matches!(answer.await, Ok(Ok(())));
    if !kept {
        tracing::warn!("where the webhook stands was not kept; what was posted last comes again");
    }
    kept
}

/// Where a message stands in its conversation.
fn place(line: &Value) -> Option<(GroupId, u64)> {
    let group = line["group"].as_str()?.parse().ok()?;
    Some((group, line["seq"].as_u64()?))
}

/// Until the client is asked again.
const AGAIN: Duration = Duration::from_secs(2);
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_mins(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_could_read_on_the_way_is_posted_nowhere() {
        for (url, safe) in [
            ("https://alarms.hospital.internal/heard", true),
            ("http://127.0.0.1:9000/heard", true),
            ("http://[::1]:9000/heard", true),
            ("http://localhost:9000/heard", false),
            ("http://10.0.0.5/heard", false),
            ("http://127.0.0.1@evil.example/heard", false),
            ("https://user:secret@alarms.hospital.internal/", false),
            ("ftp://127.0.0.1/", false),
            ("/heard", false),
            ("", false),
        ] {
            assert_eq!(is_safe(url), safe, "{url}");
        }
    }
}
