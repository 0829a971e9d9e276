//! `wardline records`: what is checked about records without the hospital. `wardline client
//! statement …`, by which officers and custodians sign, is here as well.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use wardline_client::Platform as _;
use wardline_client_native::NativeClient;
use wardline_credential::chain::is_signed_by;
use wardline_keeper::custody::{self, SealKey};
use wardline_model::B64;
use wardline_model::statement::{Came, SignedStatement, Statement};
use wardline_model::wire::records::{OrderState, RecordsOrder};
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::output::{Output, print};

/// `wardline records`.
#[derive(Subcommand)]
pub(crate) enum RecordsVerb {
    /// Verify a signed statement, such as that something was destroyed.
    Verify {
        /// The statement.
        file: PathBuf,
        /// The MLS key of the device that is to have signed it, base64url.
        #[arg(long, value_name = "B64URL", allow_hyphen_values = true)]
        key: String,
    },
    /// Verify an export: its files, the record keeper's signature and that of the custodians.
    VerifyExport {
        /// The export's folder.
        folder: PathBuf,
        /// The MLS key of the record keeper's device, base64url.
        #[arg(long, value_name = "B64URL", allow_hyphen_values = true)]
        key: String,
        /// The export key, as every custodian's share names it, base64url.
        #[arg(long, value_name = "B64URL", allow_hyphen_values = true)]
        export_key: String,
    },
}

/// `wardline client statement`.
#[derive(Subcommand)]
pub(crate) enum StatementVerb {
    /// Sign an order: a statement of `docs/records.md` in a file.
    Sign {
        /// The statement, JSON.
        file: PathBuf,
        /// Hand it in at the hospital, which carries it to the record keeper.
        #[arg(long)]
        hand_in: bool,
    },
    /// Agree to an order of somebody else; a custodian's share goes with it, sealed for this order.
    Agree {
        /// The signed order, in a file.
        #[arg(required_unless_present = "order")]
        file: Option<PathBuf>,
        /// The order's hash as `list` shows it, of one that waits at the hospital.
        #[arg(
            long,
            value_name = "B64URL",
            conflicts_with = "file",
            allow_hyphen_values = true
        )]
        order: Option<String>,
        /// Why.
        #[arg(long)]
        reason: String,
        /// Hand it in at the hospital, which carries it to the record keeper.
        #[arg(long)]
        hand_in: bool,
    },
    /// Hand in a statement that this device signed just now.
    HandIn {
        /// The signed statement.
        file: PathBuf,
    },
    /// What the hospital has: orders and who agreed, what is in force, what was destroyed. What the
    /// record keeper signed is verified; what does not verify ends in exit code 4.
    List,
    /// As a custodian: tell the key to which the share is to be sealed.
    CustodianKey {
        /// Hand it in at the hospital, which carries it to the record keeper.
        #[arg(long)]
        hand_in: bool,
    },
    /// As a custodian: take the share that the record keeper sealed.
    TakeShare {
        /// The signed share, in a file; without it the one that waits at the hospital.
        file: Option<PathBuf>,
    },
}

/// What a custodian's device keeps.
#[derive(Serialize, Deserialize)]
struct Custodian {
    seal: SealKey,
    share: Option<Share>,
}

#[derive(Serialize, Deserialize)]
struct Share {
    #[serde(rename = "share")]
    bytes: B64,
    keeper_key: B64,
    export_key: B64,
}

impl RecordsVerb {
    pub(crate) fn run(self, out: Output) -> Result<(), Failure> {
        match self {
            Self::Verify { file, key } => {
                let signed: SignedStatement = read(&file)?;
                check(&signed, &bytes(&key)?)?;
                let value = json!({ "verified": true, "hash": hex::encode(signed.hash()) });
                out.result(&value, || "Verified.".to_owned());
                Ok(())
            }
            Self::VerifyExport {
                folder,
                key,
                export_key,
            } => {
                let files = verify_export(&folder, &bytes(&key)?, &bytes(&export_key)?)?;
                let value = json!({ "verified": true, "files": files });
                out.result(&value, || format!("Verified, {files} files."));
                Ok(())
            }
        }
    }
}

impl StatementVerb {
    pub(crate) async fn run(self, client: &mut NativeClient) -> Result<(), Failure> {
        let (statement, hands_in) = match self {
            Self::Sign { file, hand_in } => (read(&file)?, hand_in),
            Self::Agree {
                file,
                order,
                reason,
                hand_in,
            } => {
                let order = match (file, order) {
                    (Some(file), _) => read(&file)?,
                    (None, Some(hash)) => waiting(client, &hash).await?,
                    (None, None) => return Err(Failure::usage("name an order")),
                };
                (agreement(client, &order, reason).await?, hand_in)
            }
            Self::CustodianKey { hand_in } => {
                let custodian = match client.own::<Custodian>(CUSTODIAN)? {
                    Some(custodian) => custodian,
                    None => begin(client).await?,
                };
                let key = custodian.seal.public;
                (Statement::CustodianKey { key }, hand_in)
            }
            Self::HandIn { file } => return hand_in(client, &read(&file)?).await,
            Self::List => return list(client).await,
            Self::TakeShare { file } => {
                let share = match file {
                    Some(file) => read(&file)?,
                    None => client
                        .records()
                        .await?
                        .share
                        .ok_or_else(|| Failure::refused("no share waits for this person"))?,
                };
                return take_share(client, &share).await;
            }
        };
        let signed = client.sign_statement(statement)?;
        if !signed.is_well_formed() {
            return Err(Failure::usage(
                "reason and case take 1 to 500 characters, and times are unix milliseconds",
            ));
        }
        if hands_in {
            return hand_in(client, &signed).await;
        }
        // The document is the result, whoever reads it.
        print(&serde_json::to_string(&signed).unwrap_or_default());
        Ok(())
    }
}

/// An order that waits at the hospital, by its hash: what the hospital hands out under another hash is
/// not taken.
async fn waiting(client: &mut NativeClient, hash: &str) -> Result<SignedStatement, Failure> {
    let wanted = bytes(hash)?;
    let orders = client.records().await?.orders.into_iter();
    orders
        .map(|order| order.signed)
        .find(|signed| signed.hash() == wanted)
        .ok_or_else(|| Failure::refused("no such order waits at the hospital"))
}

/// Agreement to an order that its device signed; a custodian's share goes with it, sealed for it.
async fn agreement(
    client: &mut NativeClient,
    order: &SignedStatement,
    reason: String,
) -> Result<Statement, Failure> {
    client.verify_statement(order).await?;
    let about = order.hash();
    let custodian: Option<Custodian> = client.own(CUSTODIAN)?;
    let share = custodian.and_then(|custodian| custodian.share);
    let share = share
        .map(|held| custody::seal(&held.keeper_key, &held.bytes.0, &about))
        .transpose()
        .map_err(|error| Failure::refused(error.to_string()))?;
    Ok(Statement::Approval {
        order: B64(about.to_vec()),
        reason,
        share,
    })
}

/// Hands a statement in, with a proof of its person that is given for this.
async fn hand_in(client: &mut NativeClient, signed: &SignedStatement) -> Result<(), Failure> {
    client.prove_again(&[SCOPE]).await?;
    let order = client.hand_in(signed).await?;
    print(&serde_json::to_string(&order).unwrap_or_default());
    Ok(())
}

/// Everything that the hospital has, once what the record keeper is to have signed was verified, and
/// with each order as it stands by that.
async fn list(client: &mut NativeClient) -> Result<(), Failure> {
    let mut list = client.records().await?;
    let outcomes = list.orders.iter().filter_map(|order| {
        let outcome = order.outcome.as_ref()?;
        Some((outcome, outcome.about() == Some(&order.hash)))
    });
    let ends = list.orders.iter().filter_map(|order| {
        let ended = order.ended.as_ref()?;
        Some((ended, ends(ended, &order.hash)))
    });
    let others = list
        .in_force
        .iter()
        .chain(&list.destroyed)
        .chain(&list.share);
    let told: Vec<_> = outcomes
        .chain(ends)
        .chain(others.map(|signed| (signed, true)))
        .map(|(signed, fits)| (signed.clone(), fits))
        .collect();
    for (signed, fits) in told {
        client.verify_statement(&signed).await?;
        if !fits || !client.keeps_records_of(signed.device_id) {
            return Err(Failure::unverified(
                "the hospital hands out something as the record keeper's that is not",
            ));
        }
    }
    settle(&mut list.orders)?;
    print(&serde_json::to_string(&list).unwrap_or_default());
    Ok(())
}

/// Gives each order the state that it has by its outcome, which was verified; an order that is handed out
/// under another one's hash, or as another person's, is none.
fn settle(orders: &mut [RecordsOrder]) -> Result<(), Failure> {
    let is_itself = |o: &RecordsOrder| o.hash.0 == o.signed.hash() && o.by.id == o.signed.user_id;
    if !orders.iter().all(is_itself) {
        return Err(Failure::unverified(
            "the hospital hands out an order as another one, or as another person's",
        ));
    }
    for order in orders {
        order.state = state(order);
    }
    Ok(())
}

/// Where an order stands by what the record keeper signed.
fn state(order: &RecordsOrder) -> OrderState {
    match came(order) {
        None => OrderState::Waiting,
        Some(Came::Refused { .. }) => OrderState::Refused,
        Some(Came::Held) if order.ended.is_some() => OrderState::Ended,
        Some(Came::Held) => OrderState::Held,
        Some(_) => OrderState::Done,
    }
}

/// Whether a statement says that a hold is over.
fn ends(signed: &SignedStatement, order: &B64) -> bool {
    let came = match &signed.statement {
        Statement::Outcome { came, .. } => Some(came),
        _ => None,
    };
    matches!(came, Some(Came::Ended { hold }) if hold == order)
}

fn came(order: &RecordsOrder) -> Option<&Came> {
    match &order.outcome.as_ref()?.statement {
        Statement::Outcome { came, .. } => Some(came),
        _ => None,
    }
}

async fn begin(client: &mut NativeClient) -> Result<Custodian, Failure> {
    let mut random = Zeroizing::new([0; 32]);
    client.platform().random(random.as_mut());
    let seal = SealKey::new(&random).map_err(|error| Failure::refused(error.to_string()))?;
    let custodian = Custodian { seal, share: None };
    client.put_own(CUSTODIAN, &custodian)?;
    client.flush().await?;
    Ok(custodian)
}

/// Takes the share that a record keeper's device sealed for this person.
async fn take_share(client: &mut NativeClient, signed: &SignedStatement) -> Result<(), Failure> {
    client.verify_statement(signed).await?;
    if !client.keeps_records_of(signed.device_id) {
        return Err(Failure::refused("this share is not of a record keeper"));
    }
    let Statement::Share {
        custodian,
        export_key,
        keeper_key,
        sealed,
    } = &signed.statement
    else {
        return Err(Failure::usage("this is no share"));
    };
    let mine = client.status().user.map(|user| user.id);
    let held: Option<Custodian> = client.own(CUSTODIAN)?;
    let Some(held) = held.filter(|_| mine == Some(*custodian)) else {
        return Err(Failure::refused("this share is for another custodian"));
    };
    let share = held
        .seal
        .open(sealed, custodian.as_bytes())
        .map_err(|error| Failure::refused(error.to_string()))?;
    let share = Share {
        bytes: B64(share.to_vec()),
        keeper_key: keeper_key.clone(),
        export_key: export_key.clone(),
    };
    let taken = Custodian {
        share: Some(share),
        ..held
    };
    client.put_own(CUSTODIAN, &taken)?;
    client.flush().await?;
    Ok(())
}

fn verify_export(folder: &Path, key: &[u8; 32], export_key: &[u8; 32]) -> Result<usize, Failure> {
    #[derive(Deserialize)]
    struct Manifest {
        manifest: SignedStatement,
        signature: B64,
    }
    let Manifest {
        manifest,
        signature,
    } = read(&folder.join("manifest.json"))?;
    check(&manifest, key)?;
    let Statement::Exported { files, .. } = &manifest.statement else {
        return Err(Failure::unverified("the manifest is another statement"));
    };
    let by_custodians = signature.array().is_some_and(|signature| {
        custody::is_signed(&manifest.signed_bytes(), export_key, &signature)
    });
    if !by_custodians {
        return Err(Failure::unverified(
            "the custodians' signature does not verify",
        ));
    }
    for (name, hash) in files {
        // A name leads nowhere else.
        let plain = Path::new(name)
            .file_name()
            .is_some_and(|file| file == name.as_str());
        let content = plain
            .then(|| std::fs::read(folder.join(name)).ok())
            .flatten();
        let found = content.map(|content| Sha256::digest(content).to_vec());
        if found.as_ref() != Some(&hash.0) {
            return Err(Failure::unverified(format!(
                "{name} is not what was exported"
            )));
        }
    }
    Ok(files.len())
}

fn check(signed: &SignedStatement, key: &[u8; 32]) -> Result<(), Failure> {
    if is_signed_by(signed, key) {
        Ok(())
    } else {
        Err(Failure::unverified("the signature does not verify"))
    }
}

fn read<T: serde::de::DeserializeOwned>(file: &Path) -> Result<T, Failure> {
    let wrong = |why: String| Failure::usage(format!("{}: {why}", file.display()));
    let text = std::fs::read(file).map_err(|error| wrong(error.to_string()))?;
    serde_json::from_slice(&text).map_err(|error| wrong(error.to_string()))
}

fn bytes(text: &str) -> Result<[u8; 32], Failure> {
    B64::decode(text)
        .and_then(|bytes| bytes.array())
        .ok_or_else(|| Failure::usage("a key is 32 bytes in base64url"))
}

const CUSTODIAN: &str = "custodian";
/// What a proof is given for, so that a statement may be handed in.
const SCOPE: &str = "records";

#[cfg(test)]
mod tests {
    use wardline_model::statement::Scope;
    use wardline_model::wire::enroll::PersonBrief;
    use wardline_model::{DeviceId, UserId};

    use super::*;

    fn signed(statement: Statement) -> SignedStatement {
        SignedStatement {
            v: 1,
            statement,
            user_id: UserId::from_bytes([1; 16]),
            device_id: DeviceId::from_bytes([2; 16]),
            issued_at: 5,
            signature: B64(Vec::new()),
        }
    }

    fn hold(case: &str) -> RecordsOrder {
        let signed = signed(Statement::Hold {
            case: case.to_owned(),
            reason: "Notice of claim".to_owned(),
            scope: Scope::default(),
        });
        RecordsOrder {
            hash: B64(signed.hash().to_vec()),
            by: PersonBrief {
                id: signed.user_id,
                username: "jonas".to_owned(),
                name: "Jonas Brandt".to_owned(),
                role: String::new(),
                department: String::new(),
            },
            at: 5,
            taken_at: None,
            state: OrderState::Ended,
            outcome: None,
            ended: None,
            agreements: Vec::new(),
            signed,
        }
    }

    #[test]
    fn an_order_stands_as_the_record_keeper_signed_and_under_its_own_hash() {
        let (first, mut second) = (hold("2026-17"), hold("2026-18"));
        second.outcome = Some(signed(Statement::Outcome {
            order: second.hash.clone(),
            came: Came::Held,
        }));
        let mut orders = [first.clone(), second.clone()];
        settle(&mut orders).unwrap();
        let states = orders.map(|order| order.state);
        assert_eq!(states, [OrderState::Waiting, OrderState::Held]);

        // By a file, as far as the hospital knows.
        second.ended = Some(signed(Statement::Outcome {
            order: B64(vec![7; 32]),
            came: Came::Ended {
                hold: second.hash.clone(),
            },
        }));
        settle(std::slice::from_mut(&mut second)).unwrap();
        assert_eq!(second.state, OrderState::Ended);

        // Whoever reads the first is to end the second.
        let swapped = RecordsOrder {
            signed: first.signed.clone(),
            ..second
        };
        assert!(settle(&mut [swapped]).is_err());
        let mut of_another = first;
        of_another.by.id = UserId::from_bytes([9; 16]);
        assert!(settle(&mut [of_another]).is_err());
    }
}
