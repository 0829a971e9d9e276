//! `wardline client …`: the native client.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgGroup, Args, Subcommand};
use serde_json::{Value, json};
use wardline_client::views::{Message, MessageState};
use wardline_client_native::client::Enrolment;
use wardline_client_native::{NativeClient, NativeError};
use wardline_model::wire::messages::Priority;
use wardline_model::{GroupId, MessageId, PatientId, RoleSlug, UserId};

use crate::failure::Failure;
use crate::output::Output;

/// How long `enroll` waits for someone to confirm the string.
const CONFIRMATION: Duration = Duration::from_secs(15 * 60);
/// How many messages of a conversation `inbox` shows.
const SHOWN: usize = 500;

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
        /// The hospital's address.
        #[arg(long)]
        server: String,
        /// The code, or the whole link of the invitation.
        #[arg(long)]
        code: String,
        /// The CA to trust for the hospital's certificate, PEM.
        #[arg(long)]
        ca: Option<PathBuf>,
        /// What to call this device.
        #[arg(long, default_value = "Workstation")]
        name: String,
    },
    /// Who is signed in, on what.
    Whoami,
    /// Conversations.
    Groups,
    /// Send a message; done only once it is durable at the hospital.
    Send(Send),
    /// Messages received.
    Inbox {
        /// Keep printing as messages come.
        #[arg(long)]
        follow: bool,
    },
    /// Acknowledge a message.
    Ack {
        /// The message's id.
        id: MessageId,
    },
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

#[derive(Args)]
#[command(group = ArgGroup::new("recipient").required(true))]
struct Send {
    /// A person's sign-in name.
    #[arg(long, group = "recipient")]
    to: Option<String>,
    /// A role, such as `cardiology-on-call`.
    #[arg(long, group = "recipient")]
    role: Option<RoleSlug>,
    /// A conversation.
    #[arg(long, group = "recipient")]
    group: Option<GroupId>,
    /// The patient it is about.
    #[arg(long)]
    patient: Option<PatientId>,
    /// Page at once.
    #[arg(long)]
    stat: bool,
    /// What to say.
    text: String,
}

impl ClientVerb {
    /// A client drives one device on one thread, so it gets a thread and a runtime of its own.
    pub(crate) async fn run(self, out: &Output) -> Result<(), Failure> {
        let out = *out;
        let thread = tokio::task::spawn_blocking(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .map_err(|error| Failure::unavailable(error.to_string()))?;
            runtime.block_on(self.on_this_thread(&out))
        });
        thread
            .await
            .map_err(|error| Failure::unavailable(error.to_string()))?
    }

    async fn on_this_thread(self, out: &Output) -> Result<(), Failure> {
        let home = self.home;
        if let Verb::Enroll {
            server,
            code,
            ca,
            name,
        } = self.verb
        {
            return enroll(&home, &server, &code, ca, &name, out).await;
        }
        let mut client = NativeClient::open(&home)?;
        client.sign_in().await?;
        match self.verb {
            Verb::Enroll { .. } => Ok(()),
            Verb::Whoami => {
                let me = client.me().await?;
                out.result(&me, || format!("{} ({})", me.user.name, me.user.role));
                Ok(())
            }
            Verb::Groups => {
                client.sync().await?;
                let groups = client.conversations()?;
                out.result(&json!({ "groups": groups }), || {
                    let line = |c: &wardline_client::views::Conversation| {
                        format!("{}  {:>3} unread  {}", c.id, c.unread, c.title)
                    };
                    groups.iter().map(line).collect::<Vec<_>>().join("\n")
                });
                Ok(())
            }
            Verb::Send(send) => send.run(&mut client, out).await,
            Verb::Inbox { follow } => inbox(&mut client, follow, out).await,
            Verb::Ack { id } => acknowledge(&mut client, id, out).await,
            Verb::Get { path } => {
                let body = client.raw("GET", &path, None).await?;
                out.line(&String::from_utf8_lossy(&body));
                Ok(())
            }
            Verb::Post { path, file } => {
                let body = std::fs::read(&file)
                    .map_err(|error| Failure::usage(format!("{}: {error}", file.display())))?;
                let answer = client.raw("POST", &path, Some(body)).await?;
                out.line(&String::from_utf8_lossy(&answer));
                Ok(())
            }
        }
    }
}

async fn enroll(
    home: &std::path::Path,
    server: &str,
    code: &str,
    ca: Option<PathBuf>,
    name: &str,
    out: &Output,
) -> Result<(), Failure> {
    let ca = match ca {
        Some(file) => Some(
            std::fs::read_to_string(&file)
                .map_err(|error| Failure::usage(format!("{}: {error}", file.display())))?,
        ),
        None => None,
    };
    let enrolment = Enrolment {
        server: Some(server),
        code,
        name,
        ca: ca.as_deref(),
    };
    let mut client = NativeClient::enroll(home, &enrolment).await?;
    let confirmation = client.status().confirmation;
    if let (false, Some(confirmation)) = (out.is_json(), &confirmation) {
        out.line(&format!(
            "Compare this string with the one on the confirming screen:\n\n    {confirmation}\n"
        ));
    }
    client.wait_until_active(CONFIRMATION).await?;
    client.sign_in().await?;
    client.sync().await?;
    let status = client.status();
    let value = json!({
        "device_id": status.device_id,
        "user": status.user,
        "confirmation": confirmation,
    });
    out.result(&value, || "Enrolled.".to_owned());
    Ok(())
}

impl Send {
    async fn run(self, client: &mut NativeClient, out: &Output) -> Result<(), Failure> {
        client.sync().await?;
        let group = match (self.group, &self.to, self.role) {
            (Some(group), ..) => group,
            (None, Some(username), _) => {
                let user = find_person(client, username).await?;
                client.start(&[user], None, self.patient).await?
            }
            (None, None, role) => client.start(&[], role, self.patient).await?,
        };
        let priority = if self.stat {
            Priority::Stat
        } else {
            Priority::Routine
        };
        let queued = client.send(group, &self.text, priority, None).await?;
        let sent = client
            .deliver()
            .await?
            .into_iter()
            .find(|sent| sent.id == queued.id);
        let Some(sent) = sent else {
            let waiting = client.messages(group, None, SHOWN)?;
            let problem = waiting
                .into_iter()
                .find(|m| m.id == queued.id)
                .and_then(|m| m.problem);
            return Err(match problem {
                Some(problem) => wardline_client::ClientError::Problem(Box::new(problem)).into(),
                None => Failure::unavailable(
                    "the message is kept here and goes out with the next command",
                ),
            });
        };
        let value = json!({ "id": sent.id, "group": sent.group, "seq": sent.seq });
        out.result(&value, || "Sent.".to_owned());
        Ok(())
    }
}

async fn find_person(client: &mut NativeClient, username: &str) -> Result<UserId, Failure> {
    let people = client.people(username).await?;
    people
        .into_iter()
        .find(|hit| hit.user.username == username)
        .map(|hit| hit.user.id)
        .ok_or_else(|| Failure::refused(format!("there is nobody with the name {username}")))
}

async fn inbox(client: &mut NativeClient, follow: bool, out: &Output) -> Result<(), Failure> {
    client.sync().await?;
    let messages = received(client)?;
    if !follow {
        out.result(&json!({ "messages": messages }), || readable(&messages));
        return Ok(());
    }
    let mut printed: Vec<Value> = Vec::new();
    let ended = client
        .follow(|client| {
            for message in received(client).unwrap_or_default() {
                if !printed.iter().any(|known| known["id"] == message["id"]) {
                    out.result(&message, || readable(std::slice::from_ref(&message)));
                    printed.push(message);
                }
            }
            true
        })
        .await;
    match ended {
        Ok(()) => Ok(()),
        Err(error) => Err(NativeError::into(error)),
    }
}

async fn acknowledge(
    client: &mut NativeClient,
    id: MessageId,
    out: &Output,
) -> Result<(), Failure> {
    client.sync().await?;
    for conversation in client.conversations()? {
        let messages = client.messages(conversation.id, None, SHOWN)?;
        let found = messages
            .into_iter()
            .find(|m| m.id == id)
            .and_then(|m| m.seq);
        if let Some(seq) = found {
            client.acknowledge(conversation.id, seq).await?;
            let value = json!({ "id": id, "group": conversation.id, "state": "acknowledged" });
            out.result(&value, || "Acknowledged.".to_owned());
            return Ok(());
        }
    }
    Err(Failure::refused("there is no such message on this device"))
}

/// Messages of others, as the contract has them.
fn received(client: &NativeClient) -> Result<Vec<Value>, Failure> {
    let mut all = Vec::new();
    for conversation in client.conversations()? {
        let patient = conversation.patient_id;
        for message in client.messages(conversation.id, None, SHOWN)? {
            if message.notice.is_none() && !message.mine {
                all.push((message.sent_at, line(&message, patient.as_ref())));
            }
        }
    }
    all.sort_by_key(|(sent_at, _)| *sent_at);
    Ok(all.into_iter().map(|(_, value)| value).collect())
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
    })
}

fn readable(messages: &[Value]) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    messages
        .iter()
        .map(|m| {
            format!(
                "{}  {}: {}",
                text(&m["id"]),
                text(&m["from"]),
                text(&m["text"])
            )
        })
        .collect::<Vec<_>>()
        .join("\n")
}
