//! Other systems write through a bot: the examples of the documentation, run against the real binary.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use wardline_client_native::NativeClient;
use wardline_client_native::client::Enrolment;
use wardline_model::endorsement::Duty;
use wardline_server::demo::{self, DemoOptions, Ready};
use wardline_server::rim::Clock;

use crate::support::{Follower, PATIENCE, Person, Run, until, wardline};

/// The demo's people, with an officer and a security officer in this process.
struct Hospital {
    url: String,
    people: Ready,
    officer: NativeClient,
    security: NativeClient,
    runtime: Runtime,
    _server: Follower,
    scratch: TempDir,
}

impl Hospital {
    fn start() -> Self {
        Self::start_with("")
    }

    /// One with more in its configuration.
    fn start_with(more: &str) -> Self {
        let scratch = tempfile::tempdir().unwrap();
        let options = DemoOptions {
            data: scratch.path().join("data"),
            http: ([127, 0, 0, 1], 0).into(),
            https: ([127, 0, 0, 1], 0).into(),
            seed: 1,
            proxies: Vec::new(),
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let (people, officer_code) = runtime.block_on(async {
            let made = demo::run_on(&options, "sqlite", Clock::default()).await;
            let made = made.unwrap();
            let people = made.ready().await.unwrap();
            let code = made.officer.code.clone().unwrap();
            made.server.shutdown().await;
            (people, code)
        });
        let config = scratch.path().join("wardline.toml");
        let text = format!(
            "[server]\nhttp = \"127.0.0.1:0\"\nhttps = \"\"\n[data]\ndir = \"{}\"\n{more}",
            options.data.display()
        );
        fs::write(&config, text).unwrap();
        let mut serve = wardline();
        serve
            .args(["--json", "serve", "--config"])
            .arg(&config)
            .stderr(Stdio::null());
        let server = Follower::start(&mut serve);
        let ready = server.next();
        let url = ready["url"].as_str();
        let url = url.unwrap_or_else(|| panic!("{ready}")).to_owned();
        let (officer, security) = runtime.block_on(async {
            let mut officer = enroll(&url, &scratch.path().join("officer"), &officer_code).await;
            officer.wait_until_active(PATIENCE).await.unwrap();
            officer.sign_in().await.unwrap();
            let mut others = people.people.iter();
            let person = others.find(|p| p.role == "Security officer").unwrap();
            let code = person.enroll_code.clone().unwrap();
            let mut security = enroll(&url, &scratch.path().join("security"), &code).await;
            let id = security.status().device_id.unwrap();
            officer.confirm_device(id, Duty::None).await.unwrap();
            security.wait_until_active(PATIENCE).await.unwrap();
            security.sign_in().await.unwrap();
            (officer, security)
        });
        Self {
            url,
            people,
            officer,
            security,
            runtime,
            _server: server,
            scratch,
        }
    }

    fn home(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }

    /// Enrols by `wardline client`, which waits until the officer has confirmed.
    fn enroll(&mut self, home: &Path, code: &str, duty: Duty) {
        let mut command = wardline();
        command
            .args(["--json", "client", "--home"])
            .arg(home)
            .args(["enroll", "--server", &self.url, "--code", code])
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let officer = &mut self.officer;
        self.runtime.block_on(async {
            let looking = async {
                loop {
                    let waiting = officer.pending_devices().await.unwrap();
                    if let Some(pending) = waiting.into_iter().next() {
                        let id = pending.device.id;
                        officer.confirm_device(id, duty).await.unwrap();
                        return;
                    }
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            };
            tokio::time::timeout(PATIENCE, looking).await.unwrap();
        });
        assert!(child.wait().unwrap().success());
    }

    /// Registers the laboratory's bot, which writes to whom it is told and reads.
    fn register(&mut self, highest: &str) -> String {
        let owner = self.security.status().user.unwrap().id;
        let request = json!({
            "username": "lab-bot", "name": "Laboratory", "owner": owner, "program": "demo",
            "per_minute": 60,
            "scope": {
                "reads": true, "highest": highest, "anywhere": true, "groups": [], "roles": [],
                "care_teams": true, "results": true,
            },
        });
        let body = Some(serde_json::to_vec(&request).unwrap());
        let security = &mut self.security;
        let made = self
            .runtime
            .block_on(async { security.raw("POST", "/v1/bots", body).await.unwrap() });
        let made: Value = serde_json::from_slice(&made).unwrap();
        made["invite"]["code"].as_str().unwrap().to_owned()
    }
}

async fn enroll(url: &str, home: &Path, code: &str) -> NativeClient {
    let enrolment = Enrolment {
        server: Some(url),
        code,
        name: "Workstation",
        ..Enrolment::default()
    };
    NativeClient::enroll(home, &enrolment).await.unwrap()
}

/// `wardline bot serve`, and how systems beside it turn to it.
struct Bot {
    url: String,
    token: PathBuf,
    process: Follower,
}

impl Bot {
    fn serve(home: &Path, token: &Path) -> Self {
        Self::serve_with(home, token, &[])
    }

    fn serve_with(home: &Path, token: &Path, more: &[&str]) -> Self {
        let mut command = wardline();
        command
            .args(["--json", "bot", "--home"])
            .arg(home)
            .args(["serve", "--listen", "127.0.0.1:0", "--token-file"])
            .arg(token)
            .args(more);
        let process = Follower::start(&mut command);
        let ready = process.next();
        Self {
            url: ready["url"].as_str().unwrap().to_owned(),
            token: token.to_owned(),
            process,
        }
    }

    fn example<S: AsRef<OsStr>>(
        &self,
        program: &str,
        args: impl IntoIterator<Item = S>,
    ) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/../../examples/integrations"
            ))
            .args(args)
            .env("WARDLINE_BOT", &self.url)
            .env("WARDLINE_TOKEN_FILE", &self.token);
        command
    }

    /// The status and the body of a bare request.
    fn ask(&self, request: &str, headers: &str, body: &str) -> (u16, String) {
        let mut stream = self.connect();
        write!(
            stream,
            "{request} HTTP/1.1\r\nHost: bot\r\nConnection: close\r\n{headers}\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        (status, body.to_owned())
    }

    /// `GET /messages/stream`.
    fn stream(&self) -> TcpStream {
        let mut stream = self.connect();
        let bearer = self.bearer();
        write!(
            stream,
            "GET /messages/stream HTTP/1.1\r\nHost: bot\r\n{bearer}\r\n"
        )
        .unwrap();
        stream
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.url.trim_start_matches("http://")).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    fn bearer(&self) -> String {
        let token = fs::read_to_string(&self.token).unwrap();
        format!("Authorization: Bearer {token}\r\nContent-Type: application/json\r\n")
    }
}

#[test]
fn the_examples_send_each_message_once_also_over_a_restart_of_the_bot() {
    let mut hospital = Hospital::start();
    let person = hospital.people.people[0].clone();
    let amara = Person {
        home: hospital.home("amara"),
        user: person.user.clone(),
    };
    hospital.enroll(&amara.home, &person.enroll_code.unwrap(), Duty::None);
    let code = hospital.register("urgent");
    let home = hospital.home("bot");
    hospital.enroll(&home, &code, Duty::Bot);
    let token = hospital.home("token");
    let bot = Bot::serve(&home, &token);

    // Without the token nothing, and what is wrong is said without what was sent.
    assert_eq!(bot.ask("GET /status", "", "").0, 401);
    let wrong = "Authorization: Bearer wrong\r\n";
    assert_eq!(bot.ask("POST /messages", wrong, "{}").0, 401);
    let (status, told) = bot.ask("POST /messages", &bot.bearer(), "{\"text\":\"K 6.8\"}");
    assert!(status == 400 && told.contains("Idempotency-Key"), "{told}");
    let keyed = format!("{}Idempotency-Key: a\r\n", bot.bearer());
    let (status, told) = bot.ask("POST /messages", &keyed, "{\"txet\":\"K 6.8\"}");
    assert!(status == 400 && !told.contains("6.8"), "{told}");
    let nobody = "{\"to\":\"nobody.at.all\",\"text\":\"K 6.8\"}";
    let (status, told) = bot.ask("POST /messages", &keyed, nobody);
    assert_eq!(status, 404, "{told}");

    let call = ["4711", "to", amara.user.as_str(), "12"];
    let sent = Run::of(&mut bot.example("./nurse-call.sh", call));
    assert_eq!(sent.code, 0, "{sent:?}");
    let result = json!({
        "id": "0815", "to": amara.user, "bed": "4", "test": "Potassium", "value": "6.8 mmol/l",
        "critical": true,
    });
    let forwarded = forward(&bot, &result);
    let texts = |person: &Person| -> Vec<String> {
        let inbox = person.inbox().into_iter();
        inbox
            .map(|m| m["text"].as_str().unwrap().to_owned())
            .collect()
    };
    let both = ["Bed 12 is calling", "Potassium 6.8 mmol/l, bed 4"];
    assert_eq!(texts(&amara), both);
    let inbox = amara.inbox();
    assert_eq!(
        (&inbox[1]["from"], &inbox[1]["priority"]),
        (&json!("lab-bot"), &json!("urgent"))
    );

    // What she answers comes by the stream.
    let mut lines = BufReader::new(bot.stream()).lines().map_while(Result::ok);
    assert!(lines.next().unwrap().contains("200"));
    let group = forwarded["group"].as_str().unwrap();
    amara
        .client(["send", "--group", group, "Repeat it"])
        .json(0);
    let data = lines.find(|line| line.starts_with("data:")).unwrap();
    assert!(data.contains("Repeat it"), "{data}");
    drop(lines);

    // A bot that is started again knows what it has sent.
    bot.process.stop();
    let bot = Bot::serve(&home, &token);
    assert_eq!(forward(&bot, &result)["id"], forwarded["id"]);
    let sent = Run::of(&mut bot.example("./nurse-call.sh", call));
    assert_eq!(sent.code, 0, "{sent:?}");
    assert_eq!(texts(&amara), both);

    // Beyond its scope the refusal is said, and what comes after is not held up.
    let keyed = format!("{}Idempotency-Key: stat\r\n", bot.bearer());
    let stat = json!({ "group": group, "priority": "stat", "text": "Now" }).to_string();
    let (status, told) = bot.ask("POST /messages", &keyed, &stat);
    assert_eq!(status, 403, "{told}");
    let keyed = format!("{}Idempotency-Key: calm\r\n", bot.bearer());
    let calm = json!({ "group": group, "text": "Later" }).to_string();
    assert_eq!(bot.ask("POST /messages", &keyed, &calm).0, 201);

    // Care teams go on to the hospital, which says what is wrong with them.
    let teams = |text: &str| {
        let body = json!({ "text": text, "dry_run": false }).to_string();
        bot.ask("POST /care-teams", &bot.bearer(), &body)
    };
    let (status, told) = teams(&format!("patient_id,username\nfeed-1,{}\n", amara.user));
    let taken: Value = serde_json::from_str(&told).unwrap();
    assert_eq!((status, &taken["added"]), (200, &json!(1)), "{told}");
    assert_eq!(taken["changes"], json!([]), "people are for people");
    let (status, told) = teams("patient_id,username\nfeed-1,nobody.at.all\n");
    assert!(status == 422 && told.contains("line 2"), "{told}");
    let (status, told) = bot.ask("POST /care-teams", &bot.bearer(), "{\"txet\":\"Doe\"}");
    assert!(status == 400 && !told.contains("Doe"), "{told}");
    bot.process.stop();
}

#[test]
fn a_bot_hears_how_its_stat_message_ended_also_over_a_restart() {
    let mut hospital = Hospital::start();
    let person = hospital.people.people[0].clone();
    let amara = Person {
        home: hospital.home("amara"),
        user: person.user.clone(),
    };
    hospital.enroll(&amara.home, &person.enroll_code.unwrap(), Duty::None);
    let code = hospital.register("stat");
    let home = hospital.home("bot");
    hospital.enroll(&home, &code, Duty::Bot);
    let token = hospital.home("token");
    let bot = Bot::serve(&home, &token);
    let keyed = format!("{}Idempotency-Key: alarm\r\n", bot.bearer());
    let alarm = json!({ "to": amara.user, "priority": "stat", "text": "SpO2 79" }).to_string();
    let (status, sent) = bot.ask("POST /messages", &keyed, &alarm);
    assert_eq!(status, 201, "{sent}");
    let sent: Value = serde_json::from_str(&sent).unwrap();

    let stream = bot.stream();
    let waits = escalation(stream, "waiting");
    assert_eq!(
        (&waits["group"], &waits["seq"]),
        (&sent["group"], &sent["seq"])
    );
    // She cannot, and nobody else is there.
    let id = waits["id"].as_str().unwrap();
    let nothing = hospital.home("nothing");
    fs::write(&nothing, "{}").unwrap();
    let path = format!("/v1/escalations/{id}/decline");
    amara
        .client(["post", &path, nothing.to_str().unwrap()])
        .json(0);

    // Whether it listened, connects again, or was not there: it hears it.
    bot.process.stop();
    let bot = Bot::serve(&home, &token);
    let told = escalation(bot.stream(), "unanswered");
    assert_eq!(told["id"], waits["id"]);
    let text = told.to_string();
    assert!(
        !text.contains("SpO2") && !text.contains(&amara.user),
        "{text}"
    );
    let (status, all) = bot.ask("GET /escalations", &bot.bearer(), "");
    let all: Value = serde_json::from_str(&all).unwrap();
    assert_eq!((status, &all["escalations"][0]), (200, &told));
    bot.process.stop();
}

#[test]
fn what_a_bot_hears_is_posted_once_it_is_taken_over_restarts_of_either_side() {
    let mut hospital = Hospital::start();
    let person = hospital.people.people[0].clone();
    let amara = Person {
        home: hospital.home("amara"),
        user: person.user.clone(),
    };
    hospital.enroll(&amara.home, &person.enroll_code.unwrap(), Duty::None);
    let code = hospital.register("stat");
    let home = hospital.home("bot");
    hospital.enroll(&home, &code, Duty::Bot);
    let (token, secret) = (hospital.home("token"), hospital.home("webhook.secret"));
    fs::write(&secret, "0123456789abcdefghijklmnopqrstuvwxyz").unwrap();

    // Whoever could read it on the way is told nothing.
    let mut open = wardline();
    open.args(["bot", "--home"])
        .arg(&home)
        .args(["serve", "--listen", "127.0.0.1:0", "--token-file"])
        .arg(&token)
        .args(["--webhook", "http://alarms.example/heard"])
        .arg("--webhook-secret-file")
        .arg(&secret);
    let refused = Run::of(&mut open);
    assert_eq!(refused.code, 2, "{refused:?}");

    let receiver = Receiver::start(&secret, 0);
    let url = format!("http://127.0.0.1:{}/heard", receiver.port);
    let hook = [
        "--webhook",
        &url,
        "--webhook-secret-file",
        secret.to_str().unwrap(),
    ];
    let bot = Bot::serve_with(&home, &token, &hook);
    let keyed = format!("{}Idempotency-Key: alarm\r\n", bot.bearer());
    let alarm = json!({ "to": amara.user, "priority": "stat", "text": "SpO2 79" }).to_string();
    let (status, sent) = bot.ask("POST /messages", &keyed, &alarm);
    assert_eq!(status, 201, "{sent}");
    let sent: Value = serde_json::from_str(&sent).unwrap();
    let group = sent["group"].as_str().unwrap();
    amara.inbox();
    let say = |text: &str| amara.client(["send", "--group", group, text]).json(0);
    say("I am coming");
    let told = receiver.message_after("");
    assert_eq!(
        (&told["text"], &told["from"]),
        (&json!("I am coming"), &json!(amara.user))
    );

    // While the receiver is away nothing is lost, nor while the bot is, nor the order.
    let port = receiver.port;
    drop(receiver);
    say("One");
    bot.process.stop();
    say("Two");
    let bot = Bot::serve_with(&home, &token, &hook);
    let receiver = Receiver::start(&secret, port);
    assert_eq!(receiver.message_after("I am coming")["text"], "One");
    assert_eq!(receiver.message_after("One")["text"], "Two");

    // What was taken does not come again, to a receiver that knows nothing any more: at most the last, whose
    // answer may be lost.
    bot.process.stop();
    drop(receiver);
    let receiver = Receiver::start(&secret, port);
    let bot = Bot::serve_with(&home, &token, &hook);
    say("Three");
    assert_eq!(receiver.message_after("Two")["text"], "Three");
    bot.process.stop();
    drop(receiver);
}

#[test]
fn a_critical_potassium_rings_the_role_on_call_and_is_acknowledged_and_read_back() {
    // Free when it is asked for; the server is to have it.
    let port = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let mut hospital = Hospital::start_with(&format!(
        "[hl7]\nlisten = \"127.0.0.1:{port}\"\ncritical_role = \"medicine-on-call\"\n"
    ));
    let security = &mut hospital.security;
    let roles = hospital
        .runtime
        .block_on(async { security.roles().await.unwrap() });
    let mut roles = roles.into_iter();
    let role = roles.find(|role| role.slug.as_str() == "medicine-on-call");
    let holder = role.unwrap().holder.unwrap();
    let mut people = hospital.people.people.iter();
    let person = people
        .find(|it| it.user == holder.username)
        .unwrap()
        .clone();
    let holder = Person {
        home: hospital.home("holder"),
        user: person.user.clone(),
    };
    hospital.enroll(&holder.home, &person.enroll_code.unwrap(), Duty::None);
    let code = hospital.register("stat");
    let home = hospital.home("bot");
    hospital.enroll(&home, &code, Duty::Bot);
    let token = hospital.home("token");
    let bot = Bot::serve(&home, &token);

    let admitted = "MSH|^~\\&|ADT|MAIN|||20260302100000||ADT^A01|A1|P|2.5.1\rEVN||20260302100000\r\
        PID|1||10042^^^MAIN^MR||Quigley^Nora||19500303|F\rPV1|1|I|4E^12^B\r";
    let result = |id: u32, report: &str, what: &str, value: &str, flag: &str| {
        format!(
            "MSH|^~\\&|LAB|MAIN|||20260302120000||ORU^R01^ORU_R01|L{id}|P|2.5.1\r\
             PID|1||10042^^^MAIN^MR\rOBR|1||{report}|24323-8^CMP^LN|||20260302113000\r\
             OBX|1|NM|{what}^LN||{value}|mmol/L^^UCUM|3.5-5.1|{flag}|||F\r"
        )
    };
    let potassium = "2823-3^Potassium";
    mllp(port, admitted);
    mllp(port, &result(1, "F1", potassium, "6.8", "HH"));
    let stats = || {
        let inbox = holder.inbox().into_iter();
        inbox
            .filter(|message| message["priority"] == "stat")
            .collect::<Vec<Value>>()
    };
    until("the call", || !stats().is_empty());
    let call = stats().remove(0);
    let text = call["text"].as_str().unwrap();
    assert!(
        text.contains("Critical high: Potassium 6.8 mmol/L"),
        "{text}"
    );
    assert!(
        text.contains("4E 12 B") && text.contains("Read back"),
        "{text}"
    );
    assert!(!text.contains("Quigley"), "the conversation says who it is");
    assert!(
        call["patient"].is_string() && call["from"] == "lab-bot",
        "{call}"
    );

    holder.client(["ack", call["id"].as_str().unwrap()]).json(0);
    let waits = || bot.ask("GET /escalations", &bot.bearer(), "").1;
    until("the acknowledgement", || waits().contains("acknowledged"));
    let group = call["group"].as_str().unwrap();
    let heard = |words: &str| {
        let inbox = holder.inbox().into_iter();
        let mut texts = inbox.map(|message| message["text"].as_str().unwrap_or("").to_owned());
        texts.any(|text| text.contains(words))
    };
    holder.client(["send", "--group", group, "K 8.6"]).json(0);
    until("that it is another value", || {
        heard("That is not the value: Potassium 6.8")
    });
    holder.client(["send", "--group", group, "6,8"]).json(0);
    until("that it is the value", || {
        heard("Read back correct: Potassium 6.8")
    });

    // Neither the bot's start nor the sender's repetition rings again; another result does.
    bot.process.stop();
    mllp(port, &result(2, "F1", potassium, "6.8", "HH"));
    mllp(port, &result(3, "F2", "2345-7^Glucose", "1.9", "LL"));
    let bot = Bot::serve(&home, &token);
    until("the other call", || stats().len() > 1);
    let all = stats();
    assert_eq!(all.len(), 2, "{all:?}");
    let other = all
        .iter()
        .find(|message| message["id"] != call["id"])
        .unwrap();
    assert!(
        other["text"]
            .as_str()
            .unwrap()
            .contains("Critical low: Glucose 1.9")
    );
    assert_eq!(
        other["group"], call["group"],
        "one conversation about the patient"
    );
    bot.process.stop();
}

/// Sends a message by MLLP, which has to be taken.
fn mllp(port: u16, message: &str) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(stream, "\u{b}{message}\u{1c}\r").unwrap();
    let mut answer = Vec::new();
    let mut byte = [0];
    while byte[0] != 0x1C {
        stream.read_exact(&mut byte).unwrap();
        answer.push(byte[0]);
    }
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.contains("MSA|AA|"), "{answer}");
}

/// `webhook_receiver.py`.
struct Receiver {
    port: u64,
    process: Follower,
}

impl Receiver {
    fn start(secret: &Path, port: u64) -> Self {
        let mut command = Command::new("python3");
        command
            .current_dir(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/../../examples/integrations"
            ))
            .arg("webhook_receiver.py")
            .env("WARDLINE_WEBHOOK_SECRET_FILE", secret)
            .env("PORT", port.to_string());
        let process = Follower::start(&mut command);
        let port = process.next()["port"].as_u64().unwrap();
        Self { port, process }
    }

    /// The next message that it took, which the last one's repetition is not.
    fn message_after(&self, last: &str) -> Value {
        loop {
            let mut told = self.process.next();
            if told["type"] == "message" && told["data"]["text"] != last {
                return told["data"].take();
            }
        }
    }
}

/// The first event of a stream that says that a STAT message stands so.
fn escalation(stream: TcpStream, state: &str) -> Value {
    let lines = BufReader::new(stream).lines().map_while(Result::ok);
    let mut data = lines.filter_map(|line| {
        let value: Value = serde_json::from_str(line.strip_prefix("data:")?.trim()).ok()?;
        (value["state"] == state).then_some(value)
    });
    data.next().unwrap()
}

/// `lab_forwarder.py` with one result; what it printed.
fn forward(bot: &Bot, result: &Value) -> Value {
    let mut child = bot
        .example("python3", ["lab_forwarder.py"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    writeln!(child.stdin.take().unwrap(), "{result}").unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}
