//! The hospital's record system: Medplum's FHIR server behind oidc-provider, in a process of its own
//! (`tests/fhir/server.mjs`), over TLS of a CA of its own.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use wardline_server::Config;
use wardline_server::ehr;

/// One that runs; it ends with this.
pub(crate) struct RecordSystem {
    /// The address of its FHIR server.
    pub(crate) base: String,
    /// Where keys and certificates lie.
    pub(crate) folder: TempDir,
    stdin: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
    _child: Child,
}

impl RecordSystem {
    /// Starts one that knows nobody, with a client whose key is in `key.pem`.
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        certify(folder.path());
        let program = program();
        let mut child = Command::new("node")
            .arg(&program)
            .args(["server.pem", "server-key.pem"].map(|name| folder.path().join(name)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .kill_on_drop(true)
            .spawn()
            .expect("node runs");
        let stdin = child.stdin.take().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = lines.next_line().await.unwrap();
        let first = first.expect("the record system says where it listens; its errors stand above");
        let first: Value = serde_json::from_str(&first).unwrap();
        let mut system = Self {
            base: first["base"].as_str().unwrap().to_owned(),
            folder,
            stdin,
            lines,
            _child: child,
        };
        let key = system.path("key.pem");
        ehr::make_key(&key).unwrap();
        system.register(&[key]).await;
        system
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Names it in a hospital's configuration. Somebody waits as long as it takes.
    pub(crate) fn configure(&self, config: &mut Config) {
        let ehr = &mut config.ehr;
        ehr.url.clone_from(&self.base);
        "wardline".clone_into(&mut ehr.client_id);
        ehr.key_files = vec![self.path("key.pem")];
        ehr.ca = self.path("ca.pem");
        "urn:mrn".clone_into(&mut ehr.number_system);
        ehr.fresh_seconds = 5;
        ehr.whole_minutes = 1;
        ehr.keep_minutes = 5;
        ehr.wait_ms = 10_000;
    }

    /// The keys by which it knows its client from now on.
    pub(crate) async fn register(&mut self, keys: &[PathBuf]) {
        let config = wardline_server::config::Ehr {
            key_files: keys.to_vec(),
            ..Default::default()
        };
        let jwks = ehr::public_keys(&config).unwrap();
        self.register_keys(&jwks).await;
    }

    /// The same by their public halves.
    pub(crate) async fn register_keys(&mut self, jwks: &Value) {
        self.tell(json!({ "client": { "jwks": jwks } })).await;
    }

    /// Enters or changes a resource.
    pub(crate) async fn put(&mut self, resource: Value) {
        self.tell(json!({ "put": resource })).await;
    }

    /// Takes one out.
    pub(crate) async fn delete(&mut self, reference: &str) {
        self.tell(json!({ "delete": reference })).await;
    }

    /// What goes wrong from now on; `null` for nothing.
    pub(crate) async fn fault(&mut self, fault: Value) {
        self.tell(json!({ "fault": fault })).await;
    }

    /// No token that was given is good any more.
    pub(crate) async fn revoke(&mut self) {
        self.tell(json!({ "revoke": true })).await;
    }

    /// What it was asked since this was asked last.
    pub(crate) async fn stats(&mut self) -> Stats {
        let told = self.tell(json!({ "stats": true })).await;
        let count = |name: &str| told[name].as_u64().unwrap();
        Stats {
            tokens: count("tokens"),
            refused: count("refused"),
            reads: count("reads"),
            elsewhere: count("elsewhere"),
            paths: serde_json::from_value(told["paths"].clone()).unwrap(),
        }
    }

    async fn tell(&mut self, command: Value) -> Value {
        let line = format!("{command}\n");
        self.stdin.write_all(line.as_bytes()).await.unwrap();
        let answer = self.lines.next_line().await.unwrap();
        let answer = answer.expect("the record system answers; its errors stand above");
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert!(answer.get("error").is_none(), "{command}: {answer}");
        answer
    }
}

/// What a record system was asked.
#[derive(Debug)]
pub(crate) struct Stats {
    /// Requests for tokens.
    pub(crate) tokens: u64,
    /// Of these those that got none.
    pub(crate) refused: u64,
    /// Requests with a good token.
    pub(crate) reads: u64,
    /// Requests to where a lying link leads.
    pub(crate) elsewhere: u64,
    /// Methods and paths of the reads.
    pub(crate) paths: Vec<String>,
}

/// The program, beside the packages that `scripts/setup.sh test` installs.
fn program() -> PathBuf {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fhir");
    let installed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/tools/ehr");
    let lock = |path: &Path| std::fs::read(path).unwrap_or_default();
    assert!(
        lock(&installed.join("installed")) == lock(&sources.join("package-lock.json")),
        "run scripts/setup.sh test: {} is missing or old",
        installed.display()
    );
    // Node looks for packages where the program lies.
    let program = installed.join("server.mjs");
    let text = std::fs::read(sources.join("server.mjs")).unwrap();
    if std::fs::read(&program).ok().as_ref() != Some(&text) {
        let random = u64::from_be_bytes(wardline_server::rim::random());
        let partial = installed.join(format!("server-{random:x}.partial"));
        std::fs::write(&partial, text).unwrap();
        std::fs::rename(&partial, &program).unwrap();
    }
    program
}

/// A CA, and a certificate of it for `localhost`.
fn certify(folder: &Path) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let ca = params.self_signed(&key).unwrap();
    std::fs::write(folder.join("ca.pem"), ca.pem()).unwrap();
    let issuer = Issuer::new(params, key);
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &issuer).unwrap();
    std::fs::write(folder.join("server.pem"), certificate.pem()).unwrap();
    std::fs::write(folder.join("server-key.pem"), key.serialize_pem()).unwrap();
}
