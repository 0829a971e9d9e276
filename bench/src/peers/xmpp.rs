//! As much of an XMPP client as talking takes (RFC 6120, RFC 6121, XEP-0045, XEP-0077).

use std::ops::ControlFlow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use tokio::io::{AsyncBufRead, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

use super::load::{self, Mark, Member, TEXT};
use crate::bench::Outcome;

/// The domain of every server here.
pub(crate) const DOMAIN: &str = "localhost";
/// Where its rooms are.
pub(crate) const ROOMS: &str = "rooms.localhost";
const PASSWORD: &str = "at-the-bench";

/// A server that runs, and who is registered there.
#[derive(Debug)]
pub(crate) struct Server {
    port: u16,
    registered: usize,
}

impl Server {
    /// One that listens on this port of loopback.
    pub(crate) const fn new(port: u16) -> Self {
        Self {
            port,
            registered: 0,
        }
    }

    /// So many people, of whom each two neighbours talk to each other.
    pub(crate) async fn pairs(&mut self, members: usize) -> Outcome<Vec<Member>> {
        let people = self.people(members).await?.into_iter().enumerate();
        Ok(people
            .map(|(place, session)| {
                let to = format!("{}@{DOMAIN}", user(place ^ 1));
                session.member("chat", to)
            })
            .collect())
    }

    /// So many people in one room.
    pub(crate) async fn room(&mut self, members: usize) -> Outcome<Vec<Member>> {
        let mut people = self.people(members).await?;
        let room = format!("ward@{ROOMS}");
        for (place, session) in people.iter_mut().enumerate() {
            session.join(&room, &user(place)).await?;
            if place == 0 {
                session.open(&room).await?;
            }
        }
        let people = people.into_iter();
        Ok(people
            .map(|session| session.member("groupchat", room.clone()))
            .collect())
    }

    async fn people(&mut self, count: usize) -> Outcome<Vec<Session>> {
        let mut people = Vec::new();
        for place in 0..count {
            let is_new = place >= self.registered;
            people.push(Session::start(self.port, &user(place), is_new).await?);
            self.registered = self.registered.max(place + 1);
        }
        Ok(people)
    }
}

fn user(place: usize) -> String {
    format!("person{place}")
}

/// Somebody who is online.
struct Session {
    read: Stanzas<BufReader<OwnedReadHalf>>,
    write: OwnedWriteHalf,
}

impl Session {
    /// Registers, where that is still to do, signs in and comes online.
    async fn start(port: u16, user: &str, is_new: bool) -> Outcome<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.set_nodelay(true)?;
        let (read, write) = stream.into_split();
        let mut session = Self {
            read: Stanzas::new(BufReader::new(read)),
            write,
        };
        session.header().await?;
        if is_new {
            let text = format!(
                "<iq type='set' id='register'><query xmlns='jabber:iq:register'>\
                 <username>{user}</username><password>{PASSWORD}</password></query></iq>"
            );
            session.say(&text).await?;
            session.result("register").await?;
        }
        let plain = STANDARD.encode(format!("\0{user}\0{PASSWORD}"));
        session
            .say(&format!(
                "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{plain}</auth>"
            ))
            .await?;
        session.until(|stanza| stanza.name == "success").await?;
        session.header().await?;
        session
            .say(
                "<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>\
                 <resource>bench</resource></bind></iq>",
            )
            .await?;
        session.result("bind").await?;
        // What is sent to somebody's bare address goes to who is online.
        session.say("<presence/>").await?;
        let own = format!("{user}@{DOMAIN}/bench");
        session
            .until(|stanza| stanza.name == "presence" && stanza.from.as_ref() == Some(&own))
            .await?;
        Ok(session)
    }

    /// Opens the stream, anew after signing in.
    async fn header(&mut self) -> Outcome<()> {
        self.say(&format!(
            "<?xml version='1.0'?><stream:stream to='{DOMAIN}' version='1.0' \
             xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"
        ))
        .await?;
        self.until(|stanza| stanza.name == "stream:features").await
    }

    /// Enters a room, which is made by the first one, and waits to be in it.
    async fn join(&mut self, room: &str, nick: &str) -> Outcome<()> {
        self.say(&format!(
            "<presence to='{room}/{nick}'><x xmlns='http://jabber.org/protocol/muc'>\
             <history maxstanzas='0'/></x></presence>"
        ))
        .await?;
        self.until(|stanza| stanza.is_own_presence).await
    }

    /// Makes a new room as the server has it set up (XEP-0045 §10.1.2).
    async fn open(&mut self, room: &str) -> Outcome<()> {
        self.say(&format!(
            "<iq type='set' id='open' to='{room}'>\
             <query xmlns='http://jabber.org/protocol/muc#owner'>\
             <x xmlns='jabber:x:data' type='submit'/></query></iq>"
        ))
        .await?;
        self.result("open").await
    }

    async fn say(&mut self, text: &str) -> Outcome<()> {
        Ok(self.write.write_all(text.as_bytes()).await?)
    }

    async fn result(&mut self, id: &str) -> Outcome<()> {
        self.until(|stanza| stanza.name == "iq" && stanza.id.as_deref() == Some(id))
            .await
    }

    /// Reads on to what is waited for.
    async fn until(&mut self, is_it: impl Fn(&Stanza) -> bool) -> Outcome<()> {
        loop {
            let stanza = self.read.next().await?;
            if stanza.is_refusal() {
                return Err(format!("refused: {stanza:?}").into());
            }
            if is_it(&stanza) {
                return Ok(());
            }
        }
    }

    fn member(self, kind: &'static str, to: String) -> Member {
        Member {
            mouth: load::Mouth::Xmpp(Mouth {
                write: self.write,
                kind,
                to,
                mark: load::first_mark(),
            }),
            ear: load::Ear::Xmpp(Ear { read: self.read }),
        }
    }
}

/// Writes to one person or room.
pub(crate) struct Mouth {
    write: OwnedWriteHalf,
    kind: &'static str,
    to: String,
    mark: Mark,
}

impl Mouth {
    pub(crate) const fn mark(&self) -> Mark {
        self.mark
    }

    pub(crate) async fn send(&mut self) -> Outcome<()> {
        let (to, kind, mark) = (&self.to, self.kind, self.mark);
        let text =
            format!("<message to='{to}' type='{kind}' id='{mark}'><body>{TEXT}</body></message>");
        self.mark += 1;
        Ok(self.write.write_all(text.as_bytes()).await?)
    }
}

/// Reads what comes.
pub(crate) struct Ear {
    read: Stanzas<BufReader<OwnedReadHalf>>,
}

impl Ear {
    pub(crate) async fn hear(&mut self, heard: &mut Vec<Mark>) -> Outcome<()> {
        let stanza = self.read.next().await?;
        if stanza.is_refusal() {
            return Err(format!("refused: {stanza:?}").into());
        }
        heard.extend(stanza.mark());
        Ok(())
    }
}

/// The elements of a stream, one after another.
struct Stanzas<R> {
    reader: Reader<R>,
    buffer: Vec<u8>,
    /// Of open elements; the stream itself is the first.
    depth: usize,
}

/// What is of use of one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Stanza {
    /// With its prefix, as servers write it.
    name: String,
    id: Option<String>,
    kind: Option<String>,
    from: Option<String>,
    /// It says something to a reader.
    has_body: bool,
    /// One's own in a room: status 110 (XEP-0045 §7.2.2).
    is_own_presence: bool,
}

impl Stanza {
    fn is_refusal(&self) -> bool {
        self.kind.as_deref() == Some("error")
            || self.name == "failure"
            || self.name == "stream:error"
    }

    /// Of a message that somebody wrote.
    fn mark(&self) -> Option<Mark> {
        if self.name == "message" && self.has_body {
            self.id.as_ref()?.parse().ok()
        } else {
            None
        }
    }

    fn new(start: &BytesStart<'_>) -> Outcome<Self> {
        let mut stanza = Self {
            name: start.name().into_inner().to_owned(),
            ..Self::default()
        };
        for attribute in start.attributes() {
            let attribute = attribute?;
            let to = match attribute.key.into_inner() {
                "id" => &mut stanza.id,
                "type" => &mut stanza.kind,
                "from" => &mut stanza.from,
                _ => continue,
            };
            // None of those that are asked for has anything escaped.
            *to = Some(attribute.value.into_owned());
        }
        Ok(stanza)
    }

    /// Another element in it, `depth` elements below.
    fn holds(&mut self, depth: usize, start: &BytesStart<'_>) -> Outcome<()> {
        match start.name().into_inner() {
            "body" if depth == 1 => self.has_body = true,
            "status" => {
                let code = start.try_get_attribute("code")?;
                self.is_own_presence |= code.is_some_and(|code| code.value == "110");
            }
            _ => {}
        }
        Ok(())
    }
}

impl<R: AsyncBufRead + Unpin> Stanzas<R> {
    fn new(read: R) -> Self {
        Self {
            reader: Reader::from_reader(read),
            buffer: Vec::new(),
            depth: 0,
        }
    }

    /// The next one, whole.
    async fn next(&mut self) -> Outcome<Stanza> {
        let mut stanza = Stanza::default();
        loop {
            self.buffer.clear();
            let event = self.reader.read_event_into_async(&mut self.buffer).await?;
            if take(&mut self.depth, &mut stanza, &event)?.is_break() {
                return Ok(stanza);
            }
        }
    }
}

/// Goes on by one event; breaks when a stanza is whole.
fn take(depth: &mut usize, stanza: &mut Stanza, event: &Event<'_>) -> Outcome<ControlFlow<()>> {
    let (start, is_open) = match event {
        // After signing in it begins anew, within the one of before.
        Event::Start(start) if start.name().into_inner() == "stream:stream" => {
            *depth = 1;
            return Ok(ControlFlow::Continue(()));
        }
        Event::Start(start) => (start, true),
        Event::Empty(start) => (start, false),
        Event::End(_) => {
            *depth = depth.saturating_sub(1);
            return match *depth {
                0 => Err("the server closed the stream".into()),
                1 => Ok(ControlFlow::Break(())),
                _ => Ok(ControlFlow::Continue(())),
            };
        }
        Event::Eof => return Err("the server hung up".into()),
        _ => return Ok(ControlFlow::Continue(())),
    };
    match *depth {
        0 => return Err("this is no XMPP".into()),
        1 => *stanza = Stanza::new(start)?,
        within => stanza.holds(within - 1, start)?,
    }
    let is_whole = *depth == 1 && !is_open;
    *depth += usize::from(is_open);
    Ok(if is_whole {
        ControlFlow::Break(())
    } else {
        ControlFlow::Continue(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    // What two people read from registering to the first line in a room, as ejabberd 23.01 and
    // Prosody 0.12.3 wrote it.
    const EJABBERD: [&[u8]; 2] = [
        include_bytes!("captured/ejabberd-a.xml"),
        include_bytes!("captured/ejabberd-b.xml"),
    ];
    const PROSODY: [&[u8]; 2] = [
        include_bytes!("captured/prosody-a.xml"),
        include_bytes!("captured/prosody-b.xml"),
    ];

    /// All of a stream, and how it ends.
    async fn read(bytes: &[u8]) -> (Vec<Stanza>, String) {
        let mut stanzas = Stanzas::new(bytes);
        let mut read = Vec::new();
        loop {
            match stanzas.next().await {
                Ok(stanza) => read.push(stanza),
                Err(error) => return (read, error.to_string()),
            }
        }
    }

    #[tokio::test]
    async fn a_session_is_read_from_its_first_word_to_its_last() {
        for [first, second] in [EJABBERD, PROSODY] {
            for bytes in [first, second] {
                let (read, end) = read(bytes).await;
                assert_eq!(end, "the server hung up");
                let names: Vec<&str> = read.iter().map(|s| &*s.name).take(5).collect();
                assert_eq!(
                    names,
                    ["stream:features", "iq", "success", "stream:features", "iq"]
                );
                assert!(!read.iter().any(Stanza::is_refusal));
                assert_eq!(read.iter().filter(|s| s.is_own_presence).count(), 1);
            }
        }
    }

    #[tokio::test]
    async fn what_somebody_wrote_has_a_mark_and_nothing_else_has() {
        for [first, second] in [EJABBERD, PROSODY] {
            let marks =
                |read: Vec<Stanza>| -> Vec<Mark> { read.iter().filter_map(Stanza::mark).collect() };
            // The room brings one's own line back; a conversation of two does not. The room's
            // subject is a message without a text.
            assert_eq!(marks(read(first).await.0), [8_u128]);
            assert_eq!(marks(read(second).await.0), [7_u128, 8]);
        }
    }

    #[tokio::test]
    async fn a_refusal_is_one() {
        let stream = "<stream:stream xmlns:stream='s'>";
        for refusal in [
            "<message type='error' id='7'><body>x</body></message>",
            "<failure><not-authorized/></failure>",
            "<stream:error><conflict/></stream:error>",
        ] {
            let (read, _) = read(format!("{stream}{refusal}").as_bytes()).await;
            assert!(read[0].is_refusal(), "{refusal}");
        }
    }

    #[tokio::test]
    async fn a_stream_that_ends_is_not_waited_for() {
        let stream = "<stream:stream xmlns:stream='s'><presence/></stream:stream>";
        let (read, end) = read(stream.as_bytes()).await;
        assert_eq!((read.len(), &*end), (1, "the server closed the stream"));
        assert!(self::read(b"<p><q/></p>").await.0.is_empty());
    }

    #[tokio::test]
    async fn what_stands_deeper_is_not_what_somebody_wrote() {
        // A forwarded copy (XEP-0297) has its body further in.
        let stream = "<stream:stream xmlns:stream='s'><message id='7'><forwarded><message id='8'>\
                      <body>x</body></message></forwarded></message>";
        let (read, _) = read(stream.as_bytes()).await;
        assert_eq!(read.len(), 1);
        assert_eq!(read[0].mark(), None);
    }
}
