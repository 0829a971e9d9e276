//! A hospital on PostgreSQL with one node or several, each the real binary, and its people.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Stdio};

use tempfile::TempDir;
use wardline_client_native::NativeClient;
use wardline_client_native::client::Enrolment;
use wardline_client_native::home::Home;
use wardline_model::endorsement::Duty;
use wardline_server::demo::{self, DemoOptions, Ready};
use wardline_server::rim::Clock;

use crate::postgres::{self, Database};
use crate::support::{PATIENCE, Person, Run, STEP, launch, persist, terminate, until, wardline};

/// The hospital. Its nodes end with the test.
pub(crate) struct Cluster {
    nodes: Vec<Node>,
    people: Ready,
    officer_code: String,
    scratch: TempDir,
    _database: Database,
}

/// One `wardline serve`.
struct Node {
    config: PathBuf,
    url: String,
    child: Option<Child>,
}

impl Cluster {
    /// Makes the hospital with the demo's people, and serves it by so many nodes. They share keys
    /// and database and know each other by nothing else.
    pub(crate) fn start(nodes: usize) -> Self {
        let scratch = tempfile::tempdir().unwrap();
        let data = scratch.path().join("data");
        let database = postgres::Server::shared().database("template0");
        let options = DemoOptions {
            data: data.clone(),
            http: ([127, 0, 0, 1], 0).into(),
            https: ([127, 0, 0, 1], 0).into(),
            seed: 1,
            proxies: Vec::new(),
        };
        let (people, officer_code) = runtime().block_on(async {
            let made = demo::run_on(&options, &database.url(), Clock::default()).await;
            let made = made.unwrap();
            let people = made.ready().await.unwrap();
            let code = made.officer.code.clone().unwrap();
            made.server.shutdown().await;
            (people, code)
        });
        let ports: Vec<u16> = {
            // All at once, so that they are different.
            let free: Vec<TcpListener> = (0..nodes)
                .map(|_| TcpListener::bind("127.0.0.1:0").unwrap())
                .collect();
            let port = |listener: &TcpListener| listener.local_addr().unwrap().port();
            free.iter().map(port).collect()
        };
        let urls: Vec<String> = ports
            .iter()
            .map(|port| format!("http://localhost:{port}"))
            .collect();
        let data = data.display();
        let url_of_database = database.url();
        let nodes = ports.iter().zip(&urls).enumerate();
        let nodes = nodes.map(|(index, (port, url))| {
            let config = scratch.path().join(format!("node-{index}.toml"));
            let text = format!(
                "[server]\nhttp = \"127.0.0.1:{port}\"\nhttps = \"\"\nnode = \"ward-{index}\"\n\
                 origins = {urls:?}\n[data]\ndir = \"{data}\"\n[store]\nurl = {url_of_database:?}\n"
            );
            fs::write(&config, text).unwrap();
            Node {
                config,
                url: url.clone(),
                child: None,
            }
        });
        let mut cluster = Self {
            nodes: nodes.collect(),
            people,
            officer_code,
            scratch,
            _database: database,
        };
        for node in 0..cluster.nodes.len() {
            cluster.start_again(node);
        }
        cluster
    }

    /// Starts a node, again at the same address.
    pub(crate) fn start_again(&mut self, node: usize) {
        let node = &mut self.nodes[node];
        let log = node.config.with_extension("log");
        let mut serve = wardline();
        serve
            .args(["serve", "--json", "--config"])
            .arg(&node.config);
        node.child = Some(persist(|| launch(&mut serve, &log), &log).0);
    }

    /// As `kill -9` does.
    pub(crate) fn kill(&mut self, node: usize) {
        let mut child = self.nodes[node].child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// As a service manager does.
    pub(crate) fn stop(&mut self, node: usize) -> ExitStatus {
        terminate(&mut self.nodes[node].child.take().unwrap())
    }

    pub(crate) fn config(&self, node: usize) -> &Path {
        &self.nodes[node].config
    }

    /// The data directory, which has the keys.
    pub(crate) fn data(&self) -> PathBuf {
        self.beside("data")
    }

    /// A path beside the data.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }

    /// Verifies the log in the database.
    pub(crate) fn verify(&self) -> Run {
        Run::of(
            wardline()
                .args(["audit", "verify", "--json"])
                .arg(self.config(0)),
        )
    }

    /// Waits until the log in the database has all that happened. A node takes it up when the
    /// lease of one that was killed has run out.
    pub(crate) fn until_sequenced(&self) {
        until("all is in the log", || self.verify().json(0)["tail"] == 0);
    }

    /// Enrols workstations of the first people, one at each of these nodes.
    pub(crate) fn enroll<const N: usize>(&self, at: [usize; N]) -> [Person; N] {
        let people: Vec<(Person, String)> = self.people.people[..N]
            .iter()
            .map(|person| {
                let home = self.beside(&format!("home-{}", person.user));
                let user = person.user.clone();
                (Person { home, user }, person.enroll_code.clone().unwrap())
            })
            .collect();
        runtime().block_on(async {
            let mut officer = self.officer().await;
            let enrolling: Vec<Child> = people
                .iter()
                .zip(at)
                .map(|((person, code), node)| {
                    let server = &self.nodes[node].url;
                    person
                        .command(["enroll", "--server", server, "--code", code])
                        .stdin(Stdio::null())
                        .stdout(Stdio::piped())
                        .spawn()
                        .unwrap()
                })
                .collect();
            let mut waiting = N;
            for _ in 0..PATIENCE.as_millis() / STEP.as_millis() {
                for pending in officer.pending_devices().await.unwrap() {
                    let device = pending.device.id;
                    officer.confirm_device(device, Duty::None).await.unwrap();
                    waiting -= 1;
                }
                if waiting == 0 {
                    break;
                }
                tokio::time::sleep(STEP).await;
            }
            assert_eq!(waiting, 0, "all asked to be confirmed");
            for child in enrolling {
                let output = child.wait_with_output().unwrap();
                assert!(output.status.success(), "{output:?}");
            }
        });
        // A device counts for others once the log has its endorsement.
        self.until_sequenced();
        let people = people.into_iter().map(|(person, _)| person);
        let people: Vec<Person> = people.collect();
        people.try_into().unwrap()
    }

    /// Moves a workstation to another node, as a load balancer would.
    pub(crate) fn move_to(&self, person: &Person, node: usize) {
        let home = Home::open(&person.home).unwrap();
        home.set_server(&self.nodes[node].url, None).unwrap();
    }

    /// The first officer's desk, which admits itself, and then can confirm others.
    async fn officer(&self) -> NativeClient {
        let home = self.beside("home-officer");
        let enrolment = Enrolment {
            server: Some(&self.nodes[0].url),
            code: &self.officer_code,
            name: "Officer's desk",
            ..Enrolment::default()
        };
        let mut officer = NativeClient::enroll(&home, &enrolment).await.unwrap();
        officer.wait_until_active(PATIENCE).await.unwrap();
        officer.sign_in().await.unwrap();
        officer
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for child in self.nodes.iter_mut().filter_map(|node| node.child.as_mut()) {
            // It may have ended already.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A client drives one device on one thread.
fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}
