//! As much of a Matrix client as talking takes (Client-Server API v3).

use std::collections::HashMap;
use std::time::Duration;

use reqwest::{Client, RequestBuilder};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::load::{self, Mark, Member, TEXT};
use crate::bench::Outcome;

/// How long the server may hold a request for news.
const POLL: Duration = Duration::from_secs(20);
/// Events of a room in one answer: more than there ever are between two.
const EVENTS: u32 = 10_000;

/// A homeserver that runs, and who has an account there.
#[derive(Debug)]
pub(crate) struct Server {
    http: Client,
    url: String,
    accounts: Vec<Account>,
}

/// Somebody.
#[derive(Debug, Clone, Deserialize)]
struct Account {
    user_id: String,
    access_token: String,
}

impl Server {
    /// One that listens on this port of loopback.
    pub(crate) fn new(port: u16) -> Outcome<Self> {
        Ok(Self {
            http: Client::builder().tcp_nodelay(true).no_proxy().build()?,
            url: format!("http://127.0.0.1:{port}"),
            accounts: Vec::new(),
        })
    }

    /// So many people, of whom each two neighbours have a room.
    pub(crate) async fn pairs(&mut self, members: usize) -> Outcome<Vec<Member>> {
        let people = self.people(members).await?;
        let mut rooms = Vec::new();
        for pair in people.chunks(2) {
            let room = self.room_of(pair).await?;
            rooms.extend(pair.iter().map(|_| room.clone()));
        }
        self.members(&people, &rooms).await
    }

    /// So many people in one room.
    pub(crate) async fn room(&mut self, members: usize) -> Outcome<Vec<Member>> {
        let people = self.people(members).await?;
        let room = self.room_of(&people).await?;
        let rooms = vec![room; people.len()];
        self.members(&people, &rooms).await
    }

    async fn people(&mut self, count: usize) -> Outcome<Vec<Account>> {
        while self.accounts.len() < count {
            let body = json!({
                "username": format!("person{}", self.accounts.len()),
                "password": "at-the-bench",
                "auth": { "type": "m.login.dummy" },
            });
            let request = self.http.post(format!("{}{API}/register", self.url));
            self.accounts.push(answer(request.json(&body)).await?);
        }
        Ok(self.accounts[..count].to_vec())
    }

    /// A room that the first of these people makes and the others enter.
    async fn room_of(&self, people: &[Account]) -> Outcome<String> {
        #[derive(Deserialize)]
        struct Made {
            room_id: String,
        }
        let (first, others) = people.split_first().ok_or("nobody")?;
        let body = json!({ "preset": "public_chat" });
        let request = self.http.post(format!("{}{API}/createRoom", self.url));
        let request = request.bearer_auth(&first.access_token).json(&body);
        let room = answer::<Made>(request).await?.room_id;
        for other in others {
            let request =
                self.http
                    .post(format!("{}{API}/rooms/{}/join", self.url, escaped(&room)));
            let request = request.bearer_auth(&other.access_token).json(&json!({}));
            answer::<Value>(request).await?;
        }
        Ok(room)
    }

    async fn members(&self, people: &[Account], rooms: &[String]) -> Outcome<Vec<Member>> {
        let mut members = Vec::new();
        for (person, room) in people.iter().zip(rooms) {
            members.push(self.member(person, room).await?);
        }
        Ok(members)
    }

    async fn member(&self, person: &Account, room: &str) -> Outcome<Member> {
        #[derive(Deserialize)]
        struct Made {
            filter_id: String,
        }
        let nothing = json!({ "types": [] });
        let body = json!({
            "presence": nothing, "account_data": nothing,
            "room": {
                "rooms": [room], "ephemeral": nothing, "account_data": nothing,
                "state": { "lazy_load_members": true },
                "timeline": { "limit": EVENTS, "types": ["m.room.message"] },
            },
        });
        let user = escaped(&person.user_id);
        let request = self
            .http
            .post(format!("{}{API}/user/{user}/filter", self.url));
        let request = request.bearer_auth(&person.access_token).json(&body);
        let filter = answer::<Made>(request).await?.filter_id;
        let mut ear = Ear {
            http: self.http.clone(),
            url: format!("{}{API}/sync?filter={filter}", self.url),
            token: person.access_token.clone(),
            since: None,
        };
        // From here on.
        ear.hear(&mut Vec::new()).await?;
        let mouth = Mouth {
            http: self.http.clone(),
            url: format!(
                "{}{API}/rooms/{}/send/m.room.message",
                self.url,
                escaped(room)
            ),
            token: person.access_token.clone(),
            mark: load::first_mark(),
            sending: JoinSet::new(),
        };
        Ok(Member {
            mouth: load::Mouth::Matrix(mouth),
            ear: load::Ear::Matrix(ear),
        })
    }
}

const API: &str = "/_matrix/client/v3";

/// Ids begin with signs that have a meaning in addresses.
fn escaped(id: &str) -> String {
    id.replace('!', "%21")
        .replace('@', "%40")
        .replace(':', "%3A")
        .replace('#', "%23")
}

async fn answer<T: DeserializeOwned>(request: RequestBuilder) -> Outcome<T> {
    let response = request.send().await?;
    let status = response.status();
    let body = response.bytes().await?;
    if !status.is_success() {
        let body = String::from_utf8_lossy(&body);
        return Err(format!("Synapse answers {status}: {body}").into());
    }
    Ok(serde_json::from_slice(&body)?)
}

/// Writes to one room.
pub(crate) struct Mouth {
    http: Client,
    url: String,
    token: String,
    mark: Mark,
    /// Each message is a request, which ends when the server has taken it.
    sending: JoinSet<Outcome<Value>>,
}

impl Mouth {
    pub(crate) const fn mark(&self) -> Mark {
        self.mark
    }

    pub(crate) fn send(&mut self) -> Outcome<()> {
        while let Some(sent) = self.sending.try_join_next() {
            sent??;
        }
        let mark = self.mark.to_string();
        let body = json!({ "msgtype": "m.text", "body": TEXT, "mark": mark });
        let request = self
            .http
            .put(format!("{}/{mark}", self.url))
            .bearer_auth(&self.token)
            .json(&body);
        self.sending.spawn_local(answer(request));
        self.mark += 1;
        Ok(())
    }
}

/// Asks for news again and again.
pub(crate) struct Ear {
    http: Client,
    url: String,
    token: String,
    since: Option<String>,
}

impl Ear {
    pub(crate) async fn hear(&mut self, heard: &mut Vec<Mark>) -> Outcome<()> {
        let url = match &self.since {
            Some(since) => format!("{}&since={since}&timeout={}", self.url, POLL.as_millis()),
            None => format!("{}&timeout=0", self.url),
        };
        let request = self.http.get(url).bearer_auth(&self.token);
        let sync: Sync = answer(request).await?;
        // All of before comes with the first answer.
        if self.since.is_some() {
            sync.marks(heard)?;
        }
        self.since = Some(sync.next_batch);
        Ok(())
    }
}

/// What is of use of the answer to `GET /sync`.
#[derive(Debug, Deserialize)]
struct Sync {
    next_batch: String,
    #[serde(default)]
    rooms: Rooms,
}

#[derive(Debug, Default, Deserialize)]
struct Rooms {
    #[serde(default)]
    join: HashMap<String, Joined>,
}

#[derive(Debug, Deserialize)]
struct Joined {
    timeline: Timeline,
}

#[derive(Debug, Deserialize)]
struct Timeline {
    #[serde(default)]
    limited: bool,
    events: Vec<Happened>,
}

#[derive(Debug, Deserialize)]
struct Happened {
    content: Content,
}

#[derive(Debug, Deserialize)]
struct Content {
    /// A field of our own, which is handed on as it is.
    mark: Option<String>,
}

impl Sync {
    fn marks(&self, heard: &mut Vec<Mark>) -> Outcome<()> {
        for room in self.rooms.join.values() {
            if room.timeline.limited {
                return Err("Synapse left messages out of an answer".into());
            }
            for event in &room.timeline.events {
                if let Some(mark) = &event.content.mark {
                    heard.push(mark.parse()?);
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_known_by_their_marks_in_order() {
        // Two messages since the answer before, as Synapse 1.163 wrote it.
        let sync: Sync =
            serde_json::from_slice(include_bytes!("captured/synapse-sync.json")).unwrap();
        let mut heard = Vec::new();
        sync.marks(&mut heard).unwrap();
        assert_eq!(heard, [1_u128 << 64, (1_u128 << 64) + 1]);
        assert!(sync.next_batch.starts_with("s9_"));
    }

    #[test]
    fn a_first_answer_has_a_place_to_go_on_from_and_no_messages() {
        let sync: Sync =
            serde_json::from_slice(include_bytes!("captured/synapse-first.json")).unwrap();
        let mut heard = Vec::new();
        sync.marks(&mut heard).unwrap();
        assert!(heard.is_empty());
        assert!(!sync.next_batch.is_empty());
        let nothing: Sync = serde_json::from_str(r#"{"next_batch":"s1"}"#).unwrap();
        nothing.marks(&mut heard).unwrap();
        assert!(heard.is_empty());
    }

    #[test]
    fn an_answer_that_leaves_messages_out_is_no_measurement() {
        let text = include_str!("captured/synapse-sync.json");
        let text = text.replace(r#""limited":false"#, r#""limited":true"#);
        let sync: Sync = serde_json::from_str(&text).unwrap();
        assert!(sync.marks(&mut Vec::new()).is_err());
    }

    #[test]
    fn ids_go_into_addresses_whole() {
        assert_eq!(escaped("!room:localhost"), "%21room%3Alocalhost");
        assert_eq!(escaped("@a:localhost"), "%40a%3Alocalhost");
    }
}
