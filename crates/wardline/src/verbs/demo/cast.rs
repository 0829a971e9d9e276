//! The cast: devices that play the demo's conversations before it opens.
//!
//! The server holds no key to any conversation, so nobody can put one into its database. The cast
//! are devices like any other, native clients that the demo's officer confirms: they enrol, write
//! what the scripts say, and go out of use. Their people stay members, by the record keeper's
//! ledger; when one of them enrols a real phone, the keeper brings it in and hands the conversation
//! over. The hospital stamps each message when it takes it, so the lines carry the time of the play,
//! in the order of the script.
//!
//! Two folders of the data directory say how far the play came, so that a demo that was killed goes
//! on where it was: `cast` while it lasts, renamed to `cast-leaving` once all is said. Each has the
//! homes of the devices that are still in use.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::watch;
use wardline_client::ClientError;
use wardline_client::views::{Message, StatusStage};
use wardline_client_native::client::Enrolment;
use wardline_client_native::home::Home;
use wardline_client_native::{NativeClient, NativeError};
use wardline_demo::{Line, Script};
use wardline_model::wire::messages::Priority;
use wardline_model::wire::problem::Problem;
use wardline_model::{DeviceId, GroupId, UserId};
use wardline_server::demo::DemoRunning;

use crate::failure::Failure;
use crate::output::Output;
use crate::verbs::on_one_thread;

/// How long anything of the play may take that others have to do: the officer, the record keeper,
/// the log.
const PATIENCE: Duration = Duration::from_mins(1);
/// Why the policy refuses a device that went out of use.
const REVOKED: &str = "device_revoked";
/// Between two looks whether it was done.
const LOOK: Duration = Duration::from_millis(100);

/// Plays the conversations into a hospital where nobody has had a device yet, when that is wanted,
/// and ends a play that was cut short. `kept` tells in how many groups the record keeper is.
///
/// A play that fails is no reason to keep the hospital closed: it is logged, and the cast leaves.
///
/// # Errors
/// When the database or the data directory fails.
pub(super) async fn play(
    running: &DemoRunning,
    data: &Path,
    wanted: bool,
    kept: watch::Receiver<usize>,
    out: Output,
) -> Result<(), Failure> {
    let (playing, leaving) = (data.join("cast"), data.join("cast-leaving"));
    let url = running.server.http_url.clone().unwrap_or_default();
    if wanted && running.is_untouched().await.map_err(unavailable)? {
        fs::create_dir_all(&playing).map_err(unavailable)?;
    }
    if playing.exists() {
        forget_half_made(running, &playing, &url).await?;
        if wanted {
            out.note("Before the hospital opens its staff write to each other, for some seconds.");
            let play = Play {
                folder: playing.clone(),
                url: url.clone(),
                codes: codes(running).await?,
                scripts: running.scripts.clone(),
                kept,
            };
            let played = on_one_thread(async move || Ok(play.perform().await)).await?;
            if let Err(error) = played {
                tracing::warn!(%error, "the conversations could not be played to their end");
            }
        }
        fs::rename(&playing, &leaving).map_err(unavailable)?;
    }
    if leaving.exists() {
        forget_half_made(running, &leaving, &url).await?;
        let folder = leaving.clone();
        let left = on_one_thread(async move || leave(&folder, &url).await).await?;
        // So that the first to come sees nothing of the going.
        if let Ok(settled) = tokio::time::timeout(PATIENCE, removed(running, &left)).await {
            settled?;
        } else {
            tracing::warn!("the cast's devices are not out of all conversations yet");
        }
        // Stays where a device could not be taken out of use, for the next start.
        let _ = fs::remove_dir(&leaving);
        running.renew_codes().await.map_err(unavailable)?;
    }
    Ok(())
}

/// The code of each person who has none of the cast's devices yet.
async fn codes(running: &DemoRunning) -> Result<HashMap<String, String>, Failure> {
    let ready = running.ready().await.map_err(unavailable)?;
    let code = |person: wardline_server::demo::ReadyPerson| {
        person.enroll_code.map(|code| (person.user, code))
    };
    Ok(ready.people.into_iter().filter_map(code).collect())
}

/// Clears away devices whose enrolment was cut short, so that their people can have another.
async fn forget_half_made(running: &DemoRunning, folder: &Path, url: &str) -> Result<(), Failure> {
    let half_made = take_half_made(folder, url)?;
    if half_made.is_empty() {
        return Ok(());
    }
    running.withdraw(&half_made).await.map_err(unavailable)?;
    running.renew_codes().await.map_err(unavailable)
}

/// Removes the homes of such devices.
fn take_half_made(folder: &Path, url: &str) -> Result<Vec<DeviceId>, Failure> {
    let mut half_made = Vec::new();
    for home in homes(folder)? {
        if !Home::has_keys(&home) {
            remove(&home)?;
            continue;
        }
        let client = reopen(&home, url)?;
        let status = client.status();
        drop(client);
        if matches!(status.stage, StatusStage::New | StatusStage::Enrolling) {
            half_made.extend(status.device_id);
            remove(&home)?;
        }
    }
    Ok(half_made)
}

fn homes(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let entries = fs::read_dir(folder).map_err(unavailable)?;
    entries
        .map(|entry| Ok(entry.map_err(unavailable)?.path()))
        .collect()
}

/// Waits until none of these devices is in a conversation any more.
async fn removed(running: &DemoRunning, devices: &[DeviceId]) -> Result<(), Failure> {
    while running
        .is_any_in_a_conversation(devices)
        .await
        .map_err(unavailable)?
    {
        tokio::time::sleep(LOOK).await;
    }
    Ok(())
}

fn unavailable(error: impl std::fmt::Display) -> Failure {
    Failure::unavailable(error.to_string())
}

/// What is needed to play.
struct Play {
    folder: PathBuf,
    url: String,
    codes: HashMap<String, String>,
    scripts: Vec<Script>,
    kept: watch::Receiver<usize>,
}

impl Play {
    async fn perform(mut self) -> Result<(), NativeError> {
        let mut cast = self.assemble().await?;
        let mut staged = Vec::with_capacity(self.scripts.len());
        for script in &self.scripts {
            match cast.open(script).await {
                Ok(group) => staged.push((script, group)),
                Err(error) if error.is_passing() => return Err(error),
                // One that cannot begin does not hold up the others.
                Err(error) => tracing::warn!(script = script.key, %error, "not played"),
            }
        }
        cast.join(&staged).await?;
        for (line, group) in cast.unsaid(&staged).await? {
            cast.say(line, group).await?;
        }
        cast.read(&staged).await?;

        // The keeper lets in nobody's device that is out of use, so it has to have come into all
        // conversations while the cast's are not.
        let all = staged.len();
        let kept = self.kept.wait_for(|kept| *kept >= all);
        match tokio::time::timeout(PATIENCE, kept).await {
            Ok(Ok(_)) => Ok(()),
            _ => Err(
                ClientError::Invalid("the record keeper is not in every conversation yet").into(),
            ),
        }
    }

    /// Everyone's device, signed in and with key packages, so that others can write to it.
    async fn assemble(&self) -> Result<Cast, NativeError> {
        let users: BTreeSet<&String> = self.scripts.iter().flat_map(|s| &s.participants).collect();
        let mut enrolled = BTreeMap::new();
        for user in users {
            match self.device(user).await {
                Ok(client) => {
                    enrolled.insert(user.clone(), client);
                }
                Err(error) if error.is_passing() => return Err(error),
                Err(error) => tracing::warn!(user, %error, "does not play"),
            }
        }
        // The officer confirms the first while the last ones enrol.
        let mut devices = BTreeMap::new();
        for (user, mut client) in enrolled {
            if client.status().stage == StatusStage::Pending {
                client.wait_until_active(PATIENCE).await?;
            }
            client.sign_in().await?;
            client.sync().await?;
            devices.insert(user, client);
        }
        Ok(Cast { devices })
    }

    /// A person's device, from a play that was cut short or new.
    async fn device(&self, user: &str) -> Result<NativeClient, NativeError> {
        let home = self.folder.join(user);
        if home.exists() {
            return reopen(&home, &self.url);
        }
        let enrolment = Enrolment {
            server: Some(&self.url),
            code: self.codes.get(user).ok_or(NativeError::NotEnrolled)?,
            name: "Demo",
            ..Enrolment::default()
        };
        NativeClient::enroll(&home, &enrolment).await
    }
}

/// The people who play, each on a device.
struct Cast {
    devices: BTreeMap<String, NativeClient>,
}

/// A script and the conversation in which it is played.
type Staged<'a> = (&'a Script, GroupId);

impl Cast {
    /// Starts a script's conversation, or finds it again.
    async fn open(&mut self, script: &Script) -> Result<GroupId, NativeError> {
        let mut people: Vec<UserId> = Vec::with_capacity(script.participants.len());
        for user in &script.participants {
            people.extend(self.of(user)?.status().user.map(|user| user.id));
        }
        let mut refused = NativeError::NotEnrolled;
        // Who wrote first need not be on the patient's care team, and then may not start a
        // conversation about the patient: someone who is calls them in.
        for user in &script.participants {
            match self.start(user, &people, script).await {
                Err(error) if error.is_problem("denied") => refused = error.into(),
                other => return Ok(other?),
            }
        }
        Err(refused)
    }

    async fn start(
        &mut self,
        user: &str,
        people: &[UserId],
        script: &Script,
    ) -> Result<GroupId, ClientError> {
        let role = script.role.as_ref().and_then(|role| role.parse().ok());
        let client = self.of(user)?;
        for _ in 0..tries() {
            let patient = script.patient_id.clone();
            match client.start(people, role.clone(), patient).await {
                // Endorsements take a moment to stand in the log.
                Err(ClientError::NotAdmitted(_)) => tokio::time::sleep(LOOK).await,
                other => return other,
            }
        }
        client.start(people, role, script.patient_id.clone()).await
    }

    /// Brings everyone into their conversations.
    async fn join(&mut self, staged: &[Staged<'_>]) -> Result<(), NativeError> {
        for (user, client) in &mut self.devices {
            let expected: Vec<GroupId> = staged
                .iter()
                .filter(|(script, _)| script.participants.contains(user))
                .map(|(_, group)| *group)
                .collect();
            let mut joined = false;
            for _ in 0..tries() {
                client.sync().await?;
                let there = client.conversations()?;
                joined = expected.iter().all(|id| there.iter().any(|c| c.id == *id));
                if joined {
                    break;
                }
                tokio::time::sleep(LOOK).await;
            }
            if !joined {
                return Err(
                    ClientError::Invalid("a device did not get into a conversation").into(),
                );
            }
        }
        Ok(())
    }

    /// What has not been said yet, in the order of time across all conversations, so that the list
    /// of conversations is in the scripts' order as well.
    async fn unsaid<'a>(
        &mut self,
        staged: &[Staged<'a>],
    ) -> Result<Vec<(&'a Line, GroupId)>, NativeError> {
        let mut lines = Vec::new();
        for (script, group) in staged {
            let mut said = 0;
            if let Some(user) = script.participants.first() {
                let client = self.of(user)?;
                // Everyone's outbox is empty since they joined; now this device knows it all.
                client.sync().await?;
                let messages = client.messages(*group, None, usize::MAX)?;
                said = messages.iter().filter(|m| m.notice.is_none()).count();
            }
            let rest = script.messages.iter().skip(said);
            lines.extend(rest.map(|line| (line, *group)));
        }
        // Stable: lines of the same minute stay in order.
        lines.sort_by_key(|(line, _)| line.at_ms);
        Ok(lines)
    }

    async fn say(&mut self, line: &Line, group: GroupId) -> Result<(), NativeError> {
        let client = self.of(&line.from)?;
        let queued = client.send(group, &line.text, line.priority, None).await?;
        let sent = client.deliver().await?;
        if sent.iter().any(|sent| sent.id == queued.id) {
            return Ok(());
        }
        let waiting = client.messages(group, None, usize::MAX)?;
        let problem = waiting.into_iter().find(|m| m.id == queued.id);
        match problem.and_then(|message| message.problem) {
            Some(problem) => Err(ClientError::Problem(Box::new(problem)).into()),
            None => Err(ClientError::Offline.into()),
        }
    }

    /// Whoever wrote has read what stood there, and acknowledged what was urgent; what came after
    /// has only reached them.
    async fn read(&mut self, staged: &[Staged<'_>]) -> Result<(), NativeError> {
        for (user, client) in &mut self.devices {
            client.sync().await?;
            for (script, group) in staged {
                if !script.participants.contains(user) {
                    continue;
                }
                let messages = client.messages(*group, None, usize::MAX)?;
                let last = messages.iter().rposition(|m| m.mine).unwrap_or(0);
                let before: Vec<&Message> = messages
                    .iter()
                    .take(last)
                    .filter(|m| m.notice.is_none() && !m.mine)
                    .collect();
                let stat = before.iter().filter(|m| m.priority == Priority::Stat);
                for seq in stat.filter_map(|m| m.newest_seq) {
                    client.acknowledge(*group, seq).await?;
                }
                if let Some(seq) = before.last().and_then(|m| m.seq) {
                    client.mark_read(*group, seq, &[]).await?;
                }
            }
        }
        Ok(())
    }

    fn of(&mut self, user: &str) -> Result<&mut NativeClient, ClientError> {
        self.devices
            .get_mut(user)
            .ok_or_else(|| ClientError::Unreachable(user.to_owned()))
    }
}

/// Takes the devices of a folder out of use, each by its own word, and forgets their keys. Gives
/// those that went.
async fn leave(folder: &Path, url: &str) -> Result<Vec<DeviceId>, Failure> {
    let mut left = Vec::new();
    for home in homes(folder)? {
        match go(&home, url).await {
            Ok(device) => {
                left.push(device);
                remove(&home)?;
            }
            Err(error) => {
                tracing::warn!(home = %home.display(), %error, "a device is still in use");
            }
        }
    }
    Ok(left)
}

async fn go(home: &Path, url: &str) -> Result<DeviceId, NativeError> {
    let mut client = reopen(home, url)?;
    let device = client.status().device_id.ok_or(NativeError::NotEnrolled)?;
    if client.status().stage == StatusStage::Pending {
        client.wait_until_active(PATIENCE).await?;
    }
    match client.sign_in().await {
        Ok(()) => client.revoke_device(device).await?,
        // It went before, and the demo was killed before it could forget it.
        Err(error) if is_out_of_use(&error) => {}
        Err(error) => return Err(error),
    }
    Ok(device)
}

fn is_out_of_use(error: &NativeError) -> bool {
    let refused = |problem: &Problem| problem.extensions.get("reason") == Some(&REVOKED.into());
    matches!(error, NativeError::Client(ClientError::Problem(problem)) if refused(problem))
}

/// The device of a home, at the address that the hospital has now.
fn reopen(home: &Path, url: &str) -> Result<NativeClient, NativeError> {
    Home::open(home)?.set_server(url, None)?;
    NativeClient::open(home)
}

fn remove(home: &Path) -> Result<(), NativeError> {
    fs::remove_dir_all(home).map_err(|error| NativeError::Home {
        path: home.display().to_string(),
        what: error.to_string(),
    })
}

/// How often to look within [`PATIENCE`].
const fn tries() -> u128 {
    PATIENCE.as_millis() / LOOK.as_millis()
}
