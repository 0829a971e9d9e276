//! `wardline client …`: the native client.

use std::collections::HashMap;
use std::fmt::Display;
use std::num::ParseIntError;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{ArgGroup, Args, Subcommand};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use wardline_client::ClientError;
use wardline_client::Platform as _;
use wardline_client::attachments::NewFile;
use wardline_client::content::Expiry;
use wardline_client::search::{Search, SearchHit};
use wardline_client::views::{Conversation, Message, MessageState, Queued};
use wardline_client_native::NativeClient;
use wardline_client_native::client::Enrolment;
use wardline_model::turns::SignedTurn;
use wardline_model::wire::groups::GroupKind;
use wardline_model::wire::messages::Priority;
use wardline_model::wire::schedules::Schedules;
use wardline_model::wire::socket::ServerFrame;
use wardline_model::wire::teams::{TeamCall, TeamKind, TeamList};
use wardline_model::{B64, ChallengeId, GroupId, MessageId, PatientId, RoleSlug, UserId};
use wardline_posture::attest;

use crate::failure::Failure;
use crate::output::{Output, print};
use crate::verbs::agent::verdict;
use crate::verbs::on_one_thread;
use crate::verbs::records::StatementVerb;
use crate::verbs::serve::until_stopped;

/// How long `enroll` waits for someone to confirm the string.
const CONFIRMATION: Duration = Duration::from_mins(15);
/// How long `inbox --follow` waits before it connects again.
const AGAIN: Duration = Duration::from_secs(1);
/// How long a silent socket is left alone.
const QUIET: Duration = Duration::from_mins(10);
const DAY_MS: u64 = 24 * 60 * 60 * 1000;
/// How many messages of a conversation are looked through for new ones before all are.
const FEW: usize = 64;

/// `wardline client`.
#[derive(Args)]
pub(crate) struct ClientVerb {
    /// The device's home directory.
    #[arg(long)]
    home: PathBuf,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Enrol this workstation.
    Enroll {
        #[command(flatten)]
        invited: Invited,
        /// What attests the device key, PEM, the leaf first; `prepare` says what it has to be about.
        #[arg(long, value_name = "CHAIN.pem")]
        attestation: Option<PathBuf>,
        /// Accept the privacy notice of the device's program.
        #[arg(long)]
        accept_notice: bool,
    },
    /// Begin to enrol, and print the device key and the challenge that an attestation of it has to
    /// carry. `enroll` goes on with the same code.
    Prepare(Invited),
    /// Have the device's hardware attest its key again: after an update, or when what it proved is
    /// too old or was taken back. Without a chain this prints the device key and a challenge.
    Attest(Again),
    /// Who is signed in, on what.
    Whoami,
    /// Conversations.
    Groups,
    /// Send a message; done only once it is durable at the hospital.
    Send(Send),
    /// Sign who has a role when, as it stands in the schedule, so that the role's conversations follow
    /// it; for whoever changes schedules, on a device that was confirmed for that.
    SignTurns {
        /// The role, such as `cardiology-on-call`.
        role: RoleSlug,
        /// For how many days from now on.
        #[arg(long, default_value_t = 28, value_parser = clap::value_parser!(u64).range(1..=400))]
        days: u64,
    },
    /// Messages received.
    Inbox {
        /// Keep printing as messages come.
        #[arg(long)]
        follow: bool,
    },
    /// Save the file that a message carries, where the device's program lets files be kept.
    SaveAttachment {
        /// The message's id.
        id: MessageId,
        /// Where to; an existing file is not replaced.
        file: PathBuf,
    },
    /// Look for messages on this device, newest first; what is looked for stays on it.
    Search(Look),
    /// Acknowledge a message.
    Ack {
        /// The message's id.
        id: MessageId,
    },
    /// Give a message of one's own another text, within 15 minutes.
    Edit {
        /// The message's id.
        id: MessageId,
        /// What to say instead.
        text: String,
    },
    /// Take a message of one's own back; that it was recalled stays.
    Recall {
        /// The message's id.
        id: MessageId,
    },
    /// Send a message again that the hospital refused, or a STAT message that waited for more than five
    /// minutes and so does not leave by itself.
    Retry {
        /// The message's id.
        id: MessageId,
    },
    /// Give a message up that has not left.
    Discard {
        /// The message's id.
        id: MessageId,
    },
    /// React to a message.
    React {
        /// The message's id.
        id: MessageId,
        /// One emoji, or another single character.
        emoji: String,
        /// Take the reaction back.
        #[arg(long)]
        remove: bool,
    },
    /// Order something about records, or agree to it; prints the signed statement.
    #[command(subcommand)]
    Statement(StatementVerb),
    /// One signed request; prints the body.
    Get {
        /// The path, from `/`.
        path: String,
    },
    /// One signed request with a body from a file; prints the answer's body.
    Post {
        /// The path, from `/`.
        path: String,
        /// JSON.
        file: PathBuf,
    },
}

/// An invitation, and the device that it is for.
#[derive(Args)]
struct Invited {
    /// The hospital's address; may be left out when the code is a link.
    #[arg(long)]
    server: Option<String>,
    /// The code, or the whole link of the invitation.
    #[arg(long)]
    code: String,
    /// The CA to trust for the hospital's certificate, PEM.
    #[arg(long)]
    ca: Option<PathBuf>,
    /// What to call this device.
    #[arg(long, default_value = "Workstation")]
    name: String,
}

/// What attests the device key again.
#[derive(Args)]
struct Again {
    /// What attests the device key over a challenge, PEM, the leaf first.
    #[arg(long, value_name = "CHAIN.pem", requires = "challenge")]
    attestation: Option<PathBuf>,
    /// Which challenge that was, by the id that was printed with it.
    #[arg(long, value_name = "ID", requires = "attestation")]
    challenge: Option<ChallengeId>,
}

#[derive(Args)]
#[command(group = ArgGroup::new("recipient").required(true))]
struct Send {
    /// A person's sign-in name.
    #[arg(long, group = "recipient")]
    to: Option<String>,
    /// A role, such as `cardiology-on-call`.
    #[arg(long, group = "recipient")]
    role: Option<RoleSlug>,
    /// A code team, which is paged, or a broadcast list, by its name.
    #[arg(long, group = "recipient")]
    team: Option<String>,
    /// A conversation.
    #[arg(long, group = "recipient")]
    group: Option<GroupId>,
    /// The patient it is about.
    #[arg(long)]
    patient: Option<PatientId>,
    /// Page at once.
    #[arg(long)]
    stat: bool,
    /// The message that it answers.
    #[arg(long, value_name = "ID")]
    reply_to: Option<MessageId>,
    /// A photo (JPEG, PNG, WebP), a PDF or a voice note (WebM, Ogg, M4A, MP3, WAV) to send with it.
    #[arg(long, value_name = "FILE")]
    attach: Option<PathBuf>,
    /// When it goes by itself: so many seconds after the hospital took it, or `read`, once it is read.
    #[arg(long, value_name = "SECONDS|read", value_parser = expiry)]
    expires: Option<Expiry>,
    /// What to say; may be left out with a file.
    #[arg(required_unless_present = "attach")]
    text: Option<String>,
}

#[derive(Args)]
struct Look {
    /// Words that a message has, the last of which may be the beginning of one. Without any, the
    /// other filters decide.
    #[arg(default_value = "")]
    query: String,
    /// Only of a person, by the sign-in name.
    #[arg(long, value_name = "USER")]
    from: Option<String>,
    /// Only of a conversation.
    #[arg(long)]
    group: Option<GroupId>,
    /// Only of conversations about a patient.
    #[arg(long)]
    patient: Option<PatientId>,
    /// Only sent then or later, unix milliseconds.
    #[arg(long, value_name = "TIME")]
    since: Option<u64>,
    /// Only sent earlier, unix milliseconds.
    #[arg(long, value_name = "TIME")]
    until: Option<u64>,
    /// How many at most.
    #[arg(long, default_value_t = 30)]
    limit: usize,
}

impl ClientVerb {
    pub(crate) async fn run(self, out: Output) -> Result<(), Failure> {
        on_one_thread(move || self.on_this_thread(out)).await
    }

    async fn on_this_thread(self, out: Output) -> Result<(), Failure> {
        let home = self.home;
        match self.verb {
            Verb::Enroll {
                invited,
                attestation,
                accept_notice,
            } => enroll(&home, &invited, attestation, accept_notice, out).await,
            Verb::Prepare(invited) => prepare(&home, &invited, out).await,
            Verb::Attest(again) => again.run(&home, out).await,
            verb => {
                let mut client = NativeClient::open(&home)?;
                run(&mut client, verb, out)
                    .await
                    .map_err(|failure| failure.because(client.platform().transport().trouble()))
            }
        }
    }
}

/// A verb of an enrolled device.
async fn run(client: &mut NativeClient, verb: Verb, out: Output) -> Result<(), Failure> {
    client.sign_in().await?;
    match verb {
        // Done before somebody signed in.
        Verb::Enroll { .. } | Verb::Prepare(_) | Verb::Attest(_) => Ok(()),
        Verb::Whoami => whoami(client, out).await,
        Verb::Groups => groups(client, out).await,
        Verb::Send(send) => send.run(client, out).await,
        Verb::SignTurns { role, days } => sign_turns(client, role, days, out).await,
        Verb::Inbox { follow: false } => inbox(client, out).await,
        Verb::Inbox { follow: true } => {
            tokio::select! {
                ended = follow(client, out) => ended,
                () = until_stopped() => Ok(()),
            }
        }
        Verb::SaveAttachment { id, file } => save(client, id, &file, out).await,
        Verb::Search(look) => look.run(client, out).await,
        Verb::Ack { id } => acknowledge(client, id, out).await,
        Verb::Edit { id, text } => {
            let group = synced(client, id).await?.group;
            let queued = client.edit(group, id, &text).await?;
            deliver(client, &queued, "Edited.", out).await
        }
        Verb::Recall { id } => {
            let group = synced(client, id).await?.group;
            let queued = client.recall(group, id).await?;
            deliver(client, &queued, "Recalled.", out).await?;
            // Its file goes with it.
            while client.tend_files().await? {}
            Ok(())
        }
        Verb::Retry { id } => {
            client.sync().await?;
            let group = waiting(client, id)?;
            let sent = client.retry(id).await?;
            let queued = Queued {
                id,
                group,
                seq: None,
            };
            told(client, sent, &queued, "Sent.", out)
        }
        Verb::Discard { id } => {
            // A sync would send it.
            let group = waiting(client, id)?;
            client.discard(id).await?;
            out.result(&json!({ "id": id, "group": group }), || {
                "Given up.".to_owned()
            });
            Ok(())
        }
        Verb::React { id, emoji, remove } => {
            let group = synced(client, id).await?.group;
            let queued = if remove {
                client.unreact(group, id, &emoji).await?
            } else {
                client.react(group, id, &emoji).await?
            };
            let Some(queued) = queued else {
                let value = json!({ "id": id, "group": group });
                out.result(&value, || "Nothing to do.".to_owned());
                return Ok(());
            };
            deliver(client, &queued, "Done.", out).await
        }
        Verb::Statement(statement) => statement.run(client).await,
        Verb::Get { path } => request(client, "GET", &path, None).await,
        Verb::Post { path, file } => {
            let body = std::fs::read(&file)
                .map_err(|error| Failure::usage(format!("{}: {error}", file.display())))?;
            request(client, "POST", &path, Some(body)).await
        }
    }
}

fn read(file: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(file)
        .map_err(|error| Failure::usage(format!("{}: {error}", file.display())))
}

/// The certificates of a file.
fn chain(file: &Path) -> Result<Vec<B64>, Failure> {
    let unusable = |why: &dyn Display| Failure::usage(format!("{}: {why}", file.display()));
    let text = std::fs::read(file).map_err(|error| unusable(&error))?;
    let chain = attest::certificates(&text).map_err(|error| unusable(&error))?;
    Ok(chain.into_iter().map(B64::from).collect())
}

impl Again {
    /// Nobody signs in for it: a device that is shut out comes back by it.
    async fn run(self, home: &Path, out: Output) -> Result<(), Failure> {
        let answer = match (&self.attestation, self.challenge) {
            (Some(file), Some(challenge)) => Some((challenge, chain(file)?)),
            _ => None,
        };
        let mut client = NativeClient::open(home)?;
        let Some((challenge, chain)) = answer else {
            let asked = client.attestation_challenge().await;
            let renewal = asked.map_err(|error| client.explain(error))?;
            let challenge = renewal.asked.challenge.encode();
            let (id, key) = (renewal.asked.challenge_id, renewal.public_key);
            let value = json!({
                "challenge_id": id,
                "challenge": challenge,
                "expires_at": renewal.asked.expires_at,
                "public_key": key,
            });
            out.result(&value, || {
                format!("Challenge {id}, for 15 minutes: {challenge}\n{key}")
            });
            return Ok(());
        };
        let answer = client.attest(challenge, chain).await;
        let assessment = answer.map_err(|error| client.explain(error))?;
        out.result(&json!({ "assessment": assessment }), || {
            verdict(&assessment)
        });
        Ok(())
    }
}

async fn enroll(
    home: &Path,
    invited: &Invited,
    attestation: Option<PathBuf>,
    accepts_notice: bool,
    out: Output,
) -> Result<(), Failure> {
    let ca = invited.ca.as_deref().map(read).transpose()?;
    let chain = attestation.as_deref().map(chain).transpose()?;
    let enrolment = Enrolment {
        server: invited.server.as_deref(),
        code: &invited.code,
        name: &invited.name,
        ca: ca.as_deref(),
        attestation: chain.as_deref(),
        accepts_notice,
    };
    let mut client = NativeClient::enroll(home, &enrolment).await?;
    let finished = finish_enrolment(&mut client, out).await;
    finished.map_err(|failure| failure.because(client.platform().transport().trouble()))
}

async fn prepare(home: &Path, invited: &Invited, out: Output) -> Result<(), Failure> {
    let ca = invited.ca.as_deref().map(read).transpose()?;
    let enrolment = Enrolment {
        server: invited.server.as_deref(),
        code: &invited.code,
        name: &invited.name,
        ca: ca.as_deref(),
        ..Enrolment::default()
    };
    let prepared = NativeClient::prepare(home, &enrolment).await?;
    let challenge = prepared.challenge.encode();
    let value = json!({ "challenge": challenge, "public_key": prepared.public_key });
    out.result(&value, || {
        format!("Challenge: {challenge}\n{}", prepared.public_key)
    });
    Ok(())
}

/// Waits for the confirmation, then hands in key packages, so that others can write at once.
async fn finish_enrolment(client: &mut NativeClient, out: Output) -> Result<(), Failure> {
    let confirmation = client.status().confirmation;
    if let Some(confirmation) = &confirmation {
        out.note(&format!(
            "Compare this string with the one on the confirming screen:\n\n    {confirmation}\n"
        ));
    }
    client.wait_until_active(CONFIRMATION).await?;
    client.sign_in().await?;
    client.sync().await?;
    let status = client.status();
    let user = status.user.as_ref();
    let value = json!({
        "device_id": status.device_id,
        "user": user.map(|user| &user.username),
        "name": user.map(|user| &user.name),
        "role": user.map(|user| &user.role),
        "hospital": status.hospital,
        "confirmation": confirmation,
    });
    out.result(&value, || "Enrolled.".to_owned());
    Ok(())
}

async fn whoami(client: &mut NativeClient, out: Output) -> Result<(), Failure> {
    let me = client.me().await?;
    let value = json!({
        "user": me.user.username,
        "user_id": me.user.id,
        "name": me.user.name,
        "role": me.user.role,
        "roles": me.roles,
        "department": me.user.department,
        "device_id": me.device_id,
        "session_id": me.session_id,
        "on_shift": me.on_shift,
        "hospital": me.hospital,
    });
    out.result(&value, || {
        format!(
            "{} ({}), {} at {}",
            me.user.name, me.user.username, me.user.role, me.hospital
        )
    });
    Ok(())
}

async fn groups(client: &mut NativeClient, out: Output) -> Result<(), Failure> {
    client.sync().await?;
    let groups = client.conversations()?;
    out.result(&json!({ "groups": groups }), || {
        let line = |c: &Conversation| format!("{}  {:>3} unread  {}", c.id, c.unread, c.title);
        groups.iter().map(line).collect::<Vec<_>>().join("\n")
    });
    Ok(())
}

/// One signed request. What comes back is printed as it is, a refusal too.
async fn request(
    client: &mut NativeClient,
    method: &'static str,
    path: &str,
    body: Option<Vec<u8>>,
) -> Result<(), Failure> {
    if !path.starts_with('/') {
        return Err(Failure::usage("the path begins with /"));
    }
    let answer = client
        .raw(method, path, body)
        .await
        .map_err(|error| Failure::from(error).documented())?;
    print(&String::from_utf8_lossy(&answer));
    Ok(())
}

impl Send {
    async fn run(self, client: &mut NativeClient, out: Output) -> Result<(), Failure> {
        catch_up(client).await?;
        let mut stat = self.stat;
        let group = match (self.group, &self.to, self.role) {
            (None, None, None) => {
                let (group, code) = call(client, self.team, self.patient).await?;
                stat |= code;
                group
            }
            (Some(group), ..) => group,
            (None, Some(username), _) => {
                let user = find_person(client, username).await?;
                client.start(&[user], None, self.patient).await?
            }
            (None, None, role) => client.start(&[], role, self.patient).await?,
        };
        let priority = if stat {
            Priority::Stat
        } else {
            Priority::Routine
        };
        let text = self.text.unwrap_or_default();
        let queued = match &self.attach {
            None => {
                client
                    .send_expiring(group, &text, priority, self.reply_to, self.expires)
                    .await?
            }
            Some(path) => {
                let file = new_file(path)?;
                client
                    .attach(group, file, &text, priority, self.reply_to, self.expires)
                    .await?
            }
        };
        if stat && self.attach.is_some() {
            // Nobody waits for the file to be paged.
            deliver(client, &queued, "Sent.", out).await?;
            return catch_up(client).await;
        }
        while client.tend_files().await? {}
        deliver(client, &queued, "Sent.", out).await
    }
}

fn expiry(text: &str) -> Result<Expiry, ParseIntError> {
    match text {
        "read" => Ok(Expiry::Read),
        seconds => seconds.parse().map(Expiry::After),
    }
}

/// Brings the device up to date, with what was still to be uploaded.
async fn catch_up(client: &mut NativeClient) -> Result<(), Failure> {
    client.sync().await?;
    if client.tend_files().await? {
        while client.tend_files().await? {}
        client.deliver().await?;
    }
    Ok(())
}

/// A file of this workstation as it is going to be sent.
fn new_file(path: &Path) -> Result<NewFile, Failure> {
    let extension = path.extension().and_then(|ext| ext.to_str());
    let mime = match extension.map(str::to_ascii_lowercase).as_deref() {
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("png") => "image/png",
        Some("webp") => "image/webp",
        Some("pdf") => "application/pdf",
        Some("webm") => "audio/webm",
        Some("ogg" | "opus") => "audio/ogg",
        Some("m4a" | "mp4") => "audio/mp4",
        Some("mp3") => "audio/mpeg",
        Some("wav") => "audio/wav",
        _ => {
            return Err(Failure::usage(
                "only photos, PDF documents and voice notes can be sent, by their file's extension",
            ));
        }
    };
    let bytes = std::fs::read(path)
        .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
    let name = path.file_name().unwrap_or_default();
    Ok(NewFile {
        name: name.to_string_lossy().into_owned(),
        mime: mime.to_owned(),
        bytes: bytes.into(),
        pixels: None,
        seconds: None,
        thumbnail: None,
    })
}

/// Fetches the file of a message and writes it to the disk.
async fn save(
    client: &mut NativeClient,
    id: MessageId,
    path: &Path,
    out: Output,
) -> Result<(), Failure> {
    let group = synced(client, id).await?.group;
    // The hospital judges anew whether files may be kept here, also of one that is.
    let file = client.file_of(group, id)?;
    let info = format!("/v1/attachments/{}", file.id);
    client.raw("GET", &info, None).await?;
    loop {
        let fetched = client.fetch_file(group, id).await?;
        if fetched.done == fetched.chunks {
            break;
        }
    }
    let bytes = client.file(group, id)?;
    let written = std::fs::File::create_new(path)
        .and_then(|mut file| std::io::Write::write_all(&mut file, &bytes));
    written.map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
    let value = json!({
        "id": id,
        "kind": file.kind,
        "mime": file.mime,
        "name": file.name,
        "bytes": file.bytes,
    });
    out.result(&value, || "Saved.".to_owned());
    Ok(())
}

/// A conversation with whoever is in a team now, and whether it is a code team. People who have no
/// device in use are left out.
async fn call(
    client: &mut NativeClient,
    title: Option<String>,
    patient: Option<PatientId>,
) -> Result<(GroupId, bool), Failure> {
    let title = title.unwrap_or_default();
    let list: TeamList = from_json(&client.raw("GET", "/v1/teams", None).await?)?;
    let team = list.teams.into_iter().find(|team| team.title == title);
    let team = team.ok_or_else(|| Failure::usage(format!("there is no team \"{title}\"")))?;
    let path = format!("/v1/teams/{}/call", team.id);
    let now = client.raw("POST", &path, Some(b"{}".to_vec())).await?;
    let now: TeamCall = from_json(&now)?;
    let people = now.people.into_iter().map(|person| person.id);
    let users: Vec<UserId> = people.filter(|id| !now.unreachable.contains(id)).collect();
    let (kind, code) = match team.kind {
        TeamKind::Code => (GroupKind::Code, true),
        TeamKind::List => (GroupKind::Broadcast, false),
    };
    let group = client
        .start_team(kind, &users, Some(team.id), patient)
        .await?;
    Ok((group, code))
}

/// Signs a role's turns as they stand, for the record keeper to follow.
async fn sign_turns(
    client: &mut NativeClient,
    role: RoleSlug,
    days: u64,
    out: Output,
) -> Result<(), Failure> {
    let from = client.platform().now_ms();
    let until = from.saturating_add(days.saturating_mul(DAY_MS));
    let path = format!("/v1/schedules?from={from}&until={until}");
    let shown: Schedules = from_json(&client.raw("GET", &path, None).await?)?;
    let found = shown.roles.into_iter().find(|each| each.slug == role);
    let found = found.ok_or_else(|| Failure::usage(format!("there is no role {role}")))?;
    let turns: Vec<SignedTurn> = found
        .turns
        .into_iter()
        .map(|turn| SignedTurn {
            user_id: turn.user.id,
            from: turn.from,
            until: turn.until,
        })
        .collect();
    let count = turns.len();
    let signed = client.sign_turns(role.clone(), (from, until), turns)?;
    let body = json!({ "signed": signed }).to_string().into_bytes();
    let path = format!("/v1/schedules/{role}/order");
    client.raw("PUT", &path, Some(body)).await?;
    let value = json!({ "role": role, "from": from, "until": until, "turns": count });
    out.result(&value, || format!("Signed {count} turns of {role}."));
    Ok(())
}

fn from_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(body)
        .map_err(|_| Failure::unavailable("the hospital's answer cannot be read"))
}

/// Sends what was queued just now; done only once the hospital has it.
async fn deliver(
    client: &mut NativeClient,
    queued: &Queued,
    done: &str,
    out: Output,
) -> Result<(), Failure> {
    let sent = client.deliver().await?;
    told(client, sent, queued, done, out)
}

/// The conversation of a message that has not left.
fn waiting(client: &NativeClient, id: MessageId) -> Result<GroupId, Failure> {
    for conversation in client.conversations()? {
        let newest = client.messages(conversation.id, None, FEW)?;
        if newest
            .iter()
            .any(|each| each.id == id && each.seq.is_none())
        {
            return Ok(conversation.id);
        }
    }
    Err(Failure::refused("no message with this id waits to be sent"))
}

/// Tells of what was queued whether the hospital has it.
fn told(
    client: &NativeClient,
    sent: Vec<Queued>,
    queued: &Queued,
    done: &str,
    out: Output,
) -> Result<(), Failure> {
    let sent = sent.into_iter().find(|sent| sent.id == queued.id);
    let Some(sent) = sent else {
        let waiting = client.messages(queued.group, None, usize::MAX)?;
        let problem = waiting.into_iter().find_map(|message| {
            if message.id == queued.id {
                return message.problem;
            }
            let mut changes = message.waiting.into_iter();
            changes.find(|change| change.id == queued.id)?.problem
        });
        let mut unsent = client.unsent_stat()?.into_iter();
        let is_stat = unsent.any(|each| each.id == queued.id);
        return Err(match problem {
            Some(problem) => ClientError::Problem(Box::new(problem)).into(),
            None if is_stat => Failure::unavailable(format!(
                "nobody was asked: call somebody. The message {} is kept here, goes out with the next command within five minutes, and later with `retry`",
                queued.id
            )),
            None => {
                Failure::unavailable("the message is kept here and goes out with the next command")
            }
        });
    };
    let value = json!({ "id": sent.id, "group": sent.group, "seq": sent.seq });
    out.result(&value, || done.to_owned());
    Ok(())
}

impl Look {
    async fn run(self, client: &mut NativeClient, out: Output) -> Result<(), Failure> {
        client.sync().await?;
        while !client.tend_search().await?.whole {}
        let from = match &self.from {
            None => None,
            Some(username) => Some(
                writer(client, username)?
                    .ok_or_else(|| Failure::refused(format!("nothing here is from {username}")))?,
            ),
        };
        let mut search = Search {
            q: self.query,
            group: self.group,
            from,
            patient_id: self.patient,
            since: self.since,
            until: self.until,
            ..Search::default()
        };
        let mut hits: Vec<SearchHit> = Vec::new();
        let more = loop {
            search.limit = Some(self.limit.saturating_sub(hits.len()));
            if search.limit == Some(0) {
                break search.after.is_some();
            }
            let found = client.search(&search)?;
            hits.extend(found.hits);
            search.after = found.next;
            if search.after.is_none() {
                break false;
            }
        };
        let lines: Vec<Value> = hits.iter().map(found_line).collect();
        out.result(&json!({ "hits": lines, "more": more }), || {
            hits.iter().map(found_text).collect::<Vec<_>>().join("\n")
        });
        Ok(())
    }
}

/// Whoever has this sign-in name among the people of the conversations.
fn writer(client: &NativeClient, username: &str) -> Result<Option<UserId>, ClientError> {
    let conversations = client.conversations()?;
    let mut people = conversations.into_iter().flat_map(|c| c.members);
    let found = people.find(|member| member.user.username == username);
    Ok(found.map(|member| member.user.id))
}

fn found_line(hit: &SearchHit) -> Value {
    json!({
        "id": hit.id,
        "group": hit.group,
        "from": hit.from.as_ref().map(|from| &from.username),
        "snippet": hit.snippet,
        "patient": hit.patient_id,
        "priority": hit.priority,
        "seq": hit.seq,
        "sent_at": hit.sent_at,
    })
}

fn found_text(hit: &SearchHit) -> String {
    let from = hit.from.as_ref().map_or("", |from| from.username.as_str());
    let text: String = hit.snippet.iter().map(|part| part.text.as_str()).collect();
    format!("{}  {from}: {text}", hit.id)
}

/// A person who can be written to now.
async fn find_person(client: &mut NativeClient, username: &str) -> Result<UserId, Failure> {
    let people = client.people(username).await?;
    let found = people
        .into_iter()
        .find(|hit| hit.user.username == username)
        .ok_or_else(|| Failure::refused(format!("there is nobody with the name {username}")))?;
    if found.reachable {
        Ok(found.user.id)
    } else {
        // An old conversation may still be there, but nobody is left in it to read.
        Err(ClientError::Unreachable(found.user.name).into())
    }
}

async fn inbox(client: &mut NativeClient, out: Output) -> Result<(), Failure> {
    client.sync().await?;
    let messages = received(client, &mut Printed::new())?;
    note_shown(client, &messages).await?;
    out.result(&json!({ "messages": messages }), || readable(&messages));
    Ok(())
}

/// What goes once it is read is read on this terminal, whether the others are told of it or not.
async fn note_shown(client: &mut NativeClient, messages: &[Value]) -> Result<(), ClientError> {
    let burning = |message: &&Value| message["expires"] == "read" && message["expired"] == false;
    for message in messages.iter().filter(burning) {
        let group = message["group"].as_str().and_then(|id| id.parse().ok());
        if let (Some(group), Some(seq)) = (group, message["seq"].as_u64()) {
            client.was_shown(group, seq).await?;
        }
    }
    Ok(())
}

/// Prints each message once, as it comes, and takes up again after the network or the session was
/// gone.
async fn follow(client: &mut NativeClient, out: Output) -> Result<(), Failure> {
    let mut printed = Printed::new();
    loop {
        let print = async |client: &mut NativeClient, _: Option<&ServerFrame>| {
            // A store that is locked now is read once the session is back.
            let messages = received(client, &mut printed).unwrap_or_default();
            note_shown(client, &messages).await?;
            for message in messages {
                out.result(&message, || readable(std::slice::from_ref(&message)));
            }
            Ok(ControlFlow::Continue(QUIET))
        };
        match client.follow(print).await {
            Ok(()) => return Ok(()),
            Err(error) if error.is_passing() => tracing::warn!(%error, "following again"),
            Err(error) => return Err(error.into()),
        }
        tokio::time::sleep(AGAIN).await;
        match client.sign_in().await {
            Ok(()) => {}
            Err(error) if error.is_offline() => tracing::warn!(%error, "still no connection"),
            Err(error) => return Err(error.into()),
        }
    }
}

async fn acknowledge(client: &mut NativeClient, id: MessageId, out: Output) -> Result<(), Failure> {
    let message = synced(client, id).await?;
    let Some(seq) = message.newest_seq else {
        return Err(Failure::refused("the message is still on its way"));
    };
    client.acknowledge(message.group, seq).await?;
    let value = json!({ "id": id, "group": message.group, "state": "acknowledged" });
    out.result(&value, || "Acknowledged.".to_owned());
    Ok(())
}

/// A message, once this device has all that is new.
async fn synced(client: &mut NativeClient, id: MessageId) -> Result<Message, Failure> {
    catch_up(client).await?;
    for conversation in client.conversations()? {
        let messages = client.messages(conversation.id, None, usize::MAX)?;
        if let Some(found) = messages.into_iter().find(|message| message.id == id) {
            return Ok(found);
        }
    }
    Err(Failure::refused("there is no such message on this device"))
}

/// How far each conversation was printed, by place.
pub(super) type Printed = HashMap<GroupId, u64>;

/// Messages of others that were not printed yet, as the contract has them, oldest first.
pub(super) fn received(
    client: &NativeClient,
    printed: &mut Printed,
) -> Result<Vec<Value>, ClientError> {
    let mut all = Vec::new();
    for conversation in client.conversations()? {
        let group = conversation.id;
        let after = printed.get(&group).copied().unwrap_or(0);
        let messages = newest(client, group, after)?;
        // A message of this person's own may be known before those that came before it.
        let last = messages
            .iter()
            .filter(|message| !message.mine)
            .filter_map(|m| m.seq)
            .max();
        printed.insert(group, last.unwrap_or(after));
        for message in messages {
            if message.notice.is_none() && !message.mine {
                all.push((
                    message.sent_at,
                    line(&message, conversation.patient_id.as_ref()),
                ));
            }
        }
    }
    all.sort_by_key(|(sent_at, _)| *sent_at);
    Ok(all.into_iter().map(|(_, value)| value).collect())
}

/// What a conversation has beyond a place.
fn newest(client: &NativeClient, group: GroupId, after: u64) -> Result<Vec<Message>, ClientError> {
    let mut messages = client.messages(group, None, FEW)?;
    let reaches = messages
        .first()
        .and_then(|oldest| oldest.seq)
        .is_none_or(|seq| seq <= after + 1);
    if !reaches {
        messages = client.messages(group, None, usize::MAX)?;
    }
    messages.retain(|message| message.seq.is_some_and(|seq| seq > after));
    Ok(messages)
}

fn line(message: &Message, patient: Option<&PatientId>) -> Value {
    let state = match message.state {
        MessageState::Acknowledged => "acknowledged",
        MessageState::Read => "read",
        _ => "delivered",
    };
    json!({
        "id": message.id,
        "group": message.group,
        "from": message.from.as_ref().map(|from| from.username.clone()),
        "text": message.text,
        "patient": patient,
        "priority": message.priority,
        "seq": message.seq,
        "sent_at": message.sent_at,
        "state": state,
        "reply_to": message.reply_to,
        "edited_at": message.edited_at,
        "recalled": message.recalled,
        "recalled_at": message.recalled_at,
        "expires": message.expires,
        "expired": message.expired,
        "attachment": message.attachment.as_ref().map(|file| json!({
            "kind": file.kind,
            "mime": file.mime,
            "name": file.name,
            "bytes": file.bytes,
        })),
        "reference": message.reference.as_ref().map(|reference| {
            let [patient, kind, id, view] = reference.parts();
            json!({ "patient": patient, "type": kind, "id": id, "view": view })
        }),
        "reactions": message.reactions,
        "mentions_me": message.mentions_me,
    })
}

fn readable(messages: &[Value]) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    messages
        .iter()
        .map(|m| {
            let mut said = text(&m["text"]);
            let led = &m["reference"];
            if !led.is_null() {
                // Where it is read, by whoever may.
                let (patient, kind) = (text(&led["patient"]), text(&led["type"]));
                let (id, view) = (text(&led["id"]), text(&led["view"]));
                let path = format!("/v1/patients/{patient}/chart/{kind}/{id}?view={view}");
                let gap = if said.is_empty() { "" } else { " " };
                said = format!("{said}{gap}[From the chart: {path}]");
            }
            format!("{}  {}: {said}", text(&m["id"]), text(&m["from"]))
        })
        .collect::<Vec<_>>()
        .join("\n")
}
