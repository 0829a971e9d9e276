//! Smart cards whose keys SoftHSM2 keeps, the office that issues them, and a browser that presents
//! them: OpenSSL and curl, without a line of ours.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::{Router, routing};
use tempfile::TempDir;
use tokio::net::TcpListener;
use wardline_model::wire::cards::{CardAnswer, CardChallenge};
use wardline_model::wire::problem::Problem;
use wardline_piv::config::Rule;
use wardline_server::Config;

use super::{Device, Hospital};

pub(crate) const PIN: &str = "123456";
const MODULE: &str = "/usr/lib/softhsm/libsofthsm2.so";
/// id-fpki-common-authentication.
pub(crate) const PIV: &str = "2.16.840.1.101.3.2.1.3.13";
pub(crate) const CLIENT_AUTH: &str = "1.3.6.1.5.5.7.3.2";

/// What an authority puts into a card.
#[derive(Debug, Clone)]
pub(crate) struct Form {
    /// The user principal name.
    pub(crate) upn: Option<&'static str>,
    pub(crate) policy: &'static str,
    pub(crate) eku: &'static str,
    /// First and last day, `YYYYMMDD`, where they are not today and in 20 days.
    pub(crate) valid: Option<(&'static str, &'static str)>,
    /// Names the address of a list.
    pub(crate) listed: bool,
    /// Names the address of a responder.
    pub(crate) asked: bool,
}

impl Form {
    /// A good card of the first officer, told of by a list.
    pub(crate) const OFFICER: Self = Self {
        upn: Some("First.Officer@hospital.example"),
        policy: PIV,
        eku: CLIENT_AUTH,
        valid: None,
        listed: true,
        asked: false,
    };
}

/// The folder of an office, which others share.
#[derive(Debug)]
struct Desk {
    folder: TempDir,
    /// Names of files that are used once.
    next: AtomicUsize,
    /// Whether list and responder answer.
    is_open: AtomicBool,
    /// How often the list was fetched.
    lists: AtomicUsize,
    /// What is at the list's address instead of it.
    instead: Mutex<Option<Vec<u8>>>,
}

/// Who issues cards and tells of those that are revoked.
pub(crate) struct Office {
    desk: Arc<Desk>,
    url: String,
}

/// A card, in whoever's hand.
#[derive(Debug, Clone)]
pub(crate) struct SmartCard {
    token: String,
    pem: PathBuf,
}

impl Desk {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn name(&self) -> String {
        format!("n{}", self.next.fetch_add(1, Ordering::Relaxed))
    }

    /// Runs a program here, with the cards at hand; the server under test goes on meanwhile.
    async fn try_run(self: &Arc<Self>, program: &str, args: &[&str]) -> Output {
        // With the engine loaded OpenSSL uses no key of a file.
        let with_card = args.contains(&"pkcs11");
        let config = if with_card {
            "engine.cnf"
        } else {
            "office.cnf"
        };
        let mut command = Command::new(program);
        command
            .args(args)
            .current_dir(self.folder.path())
            .env("OPENSSL_CONF", config)
            .env("SOFTHSM2_CONF", self.path("softhsm2.conf"))
            .stdin(Stdio::null());
        let named = program.to_owned();
        let run = tokio::task::spawn_blocking(move || command.output());
        let output = run.await.unwrap();
        output.unwrap_or_else(|error| panic!("{named} (scripts/setup.sh test): {error}"))
    }

    async fn run(self: &Arc<Self>, program: &str, args: &[&str]) {
        let output = self.try_run(program, args).await;
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{program} {args:?}: {said}");
    }

    /// A list (DER) of those that are revoked by now.
    async fn make_list(self: &Arc<Self>, more: &str) -> Vec<u8> {
        let name = self.name();
        let line = format!("ca -gencrl -config office.cnf -out {name}.pem {more}");
        self.run("openssl", &words(&line)).await;
        let line = format!("crl -in {name}.pem -outform DER -out {name}.crl");
        self.run("openssl", &words(&line)).await;
        fs::read(self.path(&format!("{name}.crl"))).unwrap()
    }
}

impl Office {
    pub(crate) async fn open() -> Self {
        let desk = Arc::new(Desk {
            folder: tempfile::tempdir().unwrap(),
            next: AtomicUsize::new(0),
            is_open: AtomicBool::new(true),
            lists: AtomicUsize::new(0),
            instead: Mutex::default(),
        });
        fs::create_dir(desk.path("tokens")).unwrap();
        let tokens = desk.path("tokens");
        let softhsm = format!(
            "directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\n",
            tokens.display()
        );
        for (name, text) in [
            ("softhsm2.conf", softhsm),
            (
                "engine.cnf",
                ENGINE.replace("{engine}", &engine().display().to_string()),
            ),
            ("office.cnf", OFFICE.to_owned()),
            ("index.txt", String::new()),
            ("serial", "1000\n".to_owned()),
            ("crlnumber", "01\n".to_owned()),
        ] {
            fs::write(desk.path(name), text).unwrap();
        }
        desk.run("openssl", &words(NEW_AUTHORITY)).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new()
            .route("/cards.crl", routing::get(list))
            .route("/ocsp", routing::post(responder))
            .with_state(Arc::clone(&desk));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { desk, url }
    }

    /// A hospital that takes this office's cards: by name, else by their keys.
    pub(crate) fn configure(&self, config: &mut Config) {
        "127.0.0.1:0".clone_into(&mut config.cards.listen);
        config.cards.anchors = self.desk.path("ca.pem");
        config.cards.mapping = vec![
            Rule::Upn {
                domain: Some("hospital.example".to_owned()),
                strip: true,
            },
            Rule::Key {},
        ];
    }

    /// Issues a card with a key of its own, which never leaves it.
    pub(crate) async fn issue(&self, form: &Form) -> SmartCard {
        let desk = &self.desk;
        let token = desk.name();
        let init = format!("--init-token --free --label {token} --pin {PIN} --so-pin 12345678");
        desk.run("softhsm2-util", &words(&init)).await;
        let made = format!(
            "--module {MODULE} --token-label {token} --login --pin {PIN} --keypairgen \
             --key-type EC:prime256v1 --id 01 --label key"
        );
        desk.run("pkcs11-tool", &words(&made)).await;
        let card = SmartCard {
            pem: desk.path(&format!("{token}.pem")),
            token,
        };
        let key = card.key(PIN);
        let csr = format!("{}.csr", card.token);
        let asked =
            format!("req -new -engine pkcs11 -keyform engine -subj /CN=Card -out {csr} -key");
        let mut asked = words(&asked);
        asked.push(&key);
        desk.run("openssl", &asked).await;
        self.certify(&card, form).await;
        card
    }

    /// Gives a card that has a key its certificate.
    pub(crate) async fn certify(&self, card: &SmartCard, form: &Form) {
        let extensions = format!("{}.ext", card.token);
        fs::write(self.desk.path(&extensions), self.extensions(form)).unwrap();
        let valid = form.valid.map_or(String::new(), |(from, until)| {
            format!("-startdate {from}000000Z -enddate {until}000000Z")
        });
        let token = &card.token;
        let line = format!(
            "ca -batch -notext -config office.cnf -in {token}.csr -out {token}.pem -extfile \
             {extensions} {valid}"
        );
        self.desk.run("openssl", &words(&line)).await;
    }

    fn extensions(&self, form: &Form) -> String {
        let url = &self.url;
        let lines = [
            Some("basicConstraints = critical,CA:FALSE".to_owned()),
            Some("keyUsage = critical,digitalSignature".to_owned()),
            Some(format!("extendedKeyUsage = {}", form.eku)),
            Some(format!("certificatePolicies = {}", form.policy)),
            form.upn
                .map(|upn| format!("subjectAltName = otherName:1.3.6.1.4.1.311.20.2.3;UTF8:{upn}")),
            form.listed
                .then(|| format!("crlDistributionPoints = URI:{url}/cards.crl")),
            form.asked
                .then(|| format!("authorityInfoAccess = OCSP;URI:{url}/ocsp")),
        ];
        let lines: Vec<String> = lines.into_iter().flatten().collect();
        lines.join("\n") + "\n"
    }

    pub(crate) async fn revoke(&self, card: &SmartCard) {
        let line = format!("ca -config office.cnf -revoke {}.pem", card.token);
        self.desk.run("openssl", &words(&line)).await;
    }

    /// Whether its list and its responder can be reached.
    pub(crate) fn set_open(&self, open: bool) {
        self.desk.is_open.store(open, Ordering::Relaxed);
    }

    /// Has somebody in between answer for its list with this; with nothing, for nobody.
    pub(crate) fn intercept(&self, instead: Option<Vec<u8>>) {
        *self.desk.instead.lock().unwrap() = instead;
    }

    /// The list of those that are revoked by now, made long ago and for many years.
    pub(crate) async fn older_list(&self) -> Vec<u8> {
        let made = "-crl_lastupdate 20200101000000Z -crl_nextupdate 20400101000000Z";
        self.desk.make_list(made).await
    }

    /// The same of today, by somebody else who calls themselves as the office does.
    pub(crate) async fn forged_list(&self) -> Vec<u8> {
        let authority = NEW_AUTHORITY.replace("ca.", "other.");
        self.desk.run("openssl", &words(&authority)).await;
        let made = "-cert other.pem -keyfile other.key";
        self.desk.make_list(made).await
    }

    /// How often its list was fetched.
    pub(crate) fn lists(&self) -> usize {
        self.desk.lists.load(Ordering::Relaxed)
    }
}

impl SmartCard {
    fn key(&self, pin: &str) -> String {
        let token = &self.token;
        format!("pkcs11:token={token};object=key;type=private;pin-value={pin}")
    }
}

/// The list, as it is now.
async fn list(State(desk): State<Arc<Desk>>) -> Result<Vec<u8>, StatusCode> {
    desk.lists.fetch_add(1, Ordering::Relaxed);
    if !desk.is_open.load(Ordering::Relaxed) {
        return Err(StatusCode::SERVICE_UNAVAILABLE);
    }
    let instead = desk.instead.lock().unwrap().clone();
    match instead {
        Some(instead) => Ok(instead),
        None => Ok(desk.make_list("").await),
    }
}

async fn responder(State(desk): State<Arc<Desk>>, asked: Bytes) -> Result<Vec<u8>, StatusCode> {
    if !desk.is_open.load(Ordering::Relaxed) {
        return Err(StatusCode::SERVICE_UNAVAILABLE);
    }
    let name = desk.name();
    fs::write(desk.path(&format!("{name}.req")), &asked).unwrap();
    let line = format!(
        "ocsp -index index.txt -CA ca.pem -rsigner ca.pem -rkey ca.key -reqin {name}.req -respout \
         {name}.res -nmin 600"
    );
    desk.run("openssl", &words(&line)).await;
    Ok(fs::read(desk.path(&format!("{name}.res"))).unwrap())
}

/// What a browser got at the listener for cards.
#[derive(Debug)]
pub(crate) struct Got {
    /// Absent where the handshake failed.
    pub(crate) status: Option<u16>,
    /// Lines, in lower case.
    pub(crate) headers: String,
    pub(crate) body: Vec<u8>,
}

impl Got {
    #[track_caller]
    pub(crate) fn answer(&self) -> CardAnswer {
        let text = String::from_utf8_lossy(&self.body);
        assert_eq!(self.status, Some(200), "{text}");
        serde_json::from_slice(&self.body).unwrap()
    }

    /// A problem that a page of the app can read.
    #[track_caller]
    pub(crate) fn problem(&self) -> Problem {
        let text = String::from_utf8_lossy(&self.body);
        let problem: Problem = serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {:?} {text}", self.status));
        assert_eq!(self.status, Some(problem.status));
        problem
    }

    /// Why the card was refused.
    #[track_caller]
    pub(crate) fn why(&self) -> String {
        why(&self.problem())
    }
}

/// Why a card was refused.
#[track_caller]
pub(crate) fn why(problem: &Problem) -> String {
    assert_eq!((problem.status, problem.name()), (403, "card-refused"));
    assert!(
        problem
            .detail
            .as_ref()
            .is_some_and(|told| told.ends_with('.'))
    );
    problem.extensions["why"].as_str().unwrap().to_owned()
}

/// A browser beside a card reader.
pub(crate) struct Browser {
    desk: Arc<Desk>,
    pub(crate) url: String,
    pub(crate) origins: Vec<String>,
    /// The PIN that is typed.
    pub(crate) pin: &'static str,
    /// The card whose key signs, where it is not that of the certificate.
    pub(crate) signer: Option<SmartCard>,
}

impl Browser {
    /// One that trusts the hospital's authority, with the app open.
    pub(crate) fn at(hospital: &Hospital, office: &Office) -> Self {
        let (_, keys) = hospital.seize();
        fs::write(office.desk.path("tls.pem"), keys.tls_ca.pem()).unwrap();
        let running = hospital.running.as_ref().unwrap();
        Self {
            desk: Arc::clone(&office.desk),
            url: running.cards_url.clone().unwrap(),
            origins: vec![hospital.url.clone()],
            pin: PIN,
            signer: None,
        }
    }

    /// Asks for a challenge on a device, and presents a card with it.
    pub(crate) async fn present(&self, device: &mut Device, card: Option<&SmartCard>) -> Got {
        let challenge = challenge(device).await;
        assert_eq!(challenge.url, self.url);
        let id = challenge.challenge_id.to_string();
        self.send(card, &["--data", &id]).await
    }

    /// A request as it is, with a card.
    pub(crate) async fn send(&self, card: Option<&SmartCard>, more: &[&str]) -> Got {
        let name = self.desk.name();
        let (head, body) = (format!("{name}.head"), format!("{name}.body"));
        let mut args = words("-sS --cacert tls.pem --header Content-Type:text/plain");
        args.extend(["--write-out", "%{http_code}", "-D", &head, "-o", &body]);
        let origins: Vec<String> = self
            .origins
            .iter()
            .map(|one| format!("Origin: {one}"))
            .collect();
        for origin in &origins {
            args.extend(["--header", origin]);
        }
        let (key, pem);
        if let Some(card) = card {
            key = self.signer.as_ref().unwrap_or(card).key(self.pin);
            pem = card.pem.display().to_string();
            args.extend(words("--engine pkcs11 --key-type ENG --key"));
            args.extend([key.as_str(), "--cert", pem.as_str()]);
        }
        args.extend(more);
        args.push(&self.url);
        let output = self.desk.try_run("curl", &args).await;
        let status = String::from_utf8_lossy(&output.stdout);
        let status: Option<u16> = status.trim().parse().ok();
        let read = |name: &str| fs::read(self.desk.path(name)).unwrap_or_default();
        Got {
            status: status.filter(|status| *status != 0),
            headers: String::from_utf8_lossy(&read(&head)).to_lowercase(),
            body: read(&body),
        }
    }

    /// What OpenSSL's client tells of a connection in which it sends this.
    pub(crate) async fn connect(&self, request: &str, more: &str) -> String {
        let address = self.url.trim_start_matches("https://");
        let address = address.split('/').next().unwrap();
        let name = self.desk.name();
        fs::write(self.desk.path(&name), request).unwrap();
        // The client goes on for a while after the last line, so that what comes late is seen.
        let line = format!(
            "(cat {name}; sleep 2) | openssl s_client -connect {address} -servername localhost \
             -CAfile tls.pem -verify_return_error {more} 2>&1"
        );
        let output = self.desk.try_run("sh", &["-c", &line]).await;
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Whether a file was written by a client.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.desk.path(name).exists()
    }
}

pub(crate) async fn challenge(device: &mut Device) -> CardChallenge {
    let answer = device.request("POST", "/v1/cards/challenge", None).await;
    answer.expect(200).json()
}

fn words(line: &str) -> Vec<&str> {
    line.split_whitespace().collect()
}

/// Where libp11's engine for OpenSSL lies, which depends on the machine.
fn engine() -> &'static Path {
    static ENGINE_PATH: LazyLock<PathBuf> = LazyLock::new(|| {
        let folders = fs::read_dir("/usr/lib").unwrap();
        let mut engines = folders.map(|one| one.unwrap().path().join("engines-3/pkcs11.so"));
        let found = engines.find(|path| path.exists());
        found.expect("libengine-pkcs11-openssl is installed (scripts/setup.sh test)")
    });
    &ENGINE_PATH
}

const NEW_AUTHORITY: &str = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout \
    ca.key -out ca.pem -days 30 -config office.cnf -extensions authority";

const ENGINE: &str = "openssl_conf = init
[init]
engines = engines
[engines]
pkcs11 = pkcs11
[pkcs11]
engine_id = pkcs11
dynamic_path = {engine}
MODULE_PATH = /usr/lib/softhsm/libsofthsm2.so
init = 0
[req]
distinguished_name = name
[name]
";

const OFFICE: &str = "[req]
distinguished_name = name
prompt = no
[name]
CN = Card Office
[authority]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign,digitalSignature
subjectKeyIdentifier = hash
[ca]
default_ca = office
[office]
database = index.txt
new_certs_dir = .
certificate = ca.pem
private_key = ca.key
serial = serial
crlnumber = crlnumber
default_md = sha256
default_days = 20
default_crl_days = 7
crl_extensions = list
policy = anybody
unique_subject = no
[list]
authorityKeyIdentifier = keyid
[anybody]
commonName = supplied
";
