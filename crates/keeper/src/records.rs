//! [`Records`]: ends what retention ends, unless it is held, and does what officers order and
//! custodians agree to.
//!
//! Orders and agreements are statements that devices signed ([`SignedStatement`]). Who is an officer
//! or a custodian is what the host of the record keeper says ([`Terms`]), never the server.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

use rand_core::{TryCryptoRng, TryRng};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use wardline_client::records::Batch;
use wardline_client::{Client, ClientError, Platform};
use wardline_model::statement::{Came, Refused, Scope, SignedStatement, Statement};
use wardline_model::wire::groups::GroupKind;
use wardline_model::{B64, DeviceId, GroupId, MessageId, UserId};
use zeroize::Zeroizing;

use crate::custody::{self, Combined, Custodians, CustodyError, ExportKey, SealKey};
use crate::keeper::{channels, ledger, name};
use crate::mailbox;
use crate::removal::{self, Odd};
use crate::retention::{Holds, LIFETIME_MS, NotAgreed, Retention, agreed, covers, hex};

/// What the record keeper's host says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Terms {
    /// How long messages are kept; for ever where it is absent.
    pub retention: Option<Retention>,
    /// Whose devices order holds, exports and releases, and agree to holds.
    pub officers: BTreeSet<UserId>,
    /// Who has to agree to exports and releases.
    pub custodians: Option<Custodians>,
}

/// Carries the terms out.
#[derive(Debug, Clone, Default)]
pub struct Records {
    terms: Terms,
}

/// What was done.
#[derive(Debug, Default)]
pub struct Tended {
    /// What retention ended.
    pub destroyed: Vec<SignedStatement>,
    /// Shares that are for custodians.
    pub shares: Vec<SignedStatement>,
    /// What custodians agreed to read.
    pub exports: Vec<Export>,
    /// Orders that were carried out, by mark: these are for the log of the process, and nobody confirms a
    /// guessed reason by a mark.
    pub done: Vec<String>,
    /// Orders and agreements that count for nothing as yet, by mark, and why.
    pub refused: Vec<(String, String)>,
}

/// An export: files, what lists them, and the custodians' signature over that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    /// Names and contents.
    pub files: Vec<(String, Vec<u8>)>,
    /// Lists the files with their hashes; signed by the record keeper.
    pub manifest: SignedStatement,
    /// Ed25519 by the export key.
    pub signature: B64,
    /// How many messages are in the files.
    pub entries: u64,
    order: [u8; 32],
}

/// The record keeper's side of custody.
#[derive(Clone, Serialize, Deserialize)]
struct Custody {
    seal: SealKey,
    export_key: B64,
    /// For whom it was made; other custodians need another one.
    rule: Custodians,
}

/// What came from the server, by hash; what lies in the host's folder as well is no word of the server's.
struct Carried {
    handed_in: BTreeSet<[u8; 32]>,
    by_server_alone: BTreeSet<[u8; 32]>,
}

/// Statements about an order, and the shares in them by the statement's mark.
type Opened = (Vec<SignedStatement>, BTreeMap<[u8; 32], Zeroizing<Vec<u8>>>);

/// A destruction, and whether it is known to be complete.
#[derive(Clone, Serialize, Deserialize)]
struct Destroyed {
    statement: SignedStatement,
    complete: bool,
    #[serde(default)]
    odd: Odd,
}

impl Records {
    /// Under these terms, which were checked.
    pub const fn new(terms: Terms) -> Self {
        Self { terms }
    }

    /// Takes what was handed in at the server.
    ///
    /// # Errors
    /// What may pass: no connection, an ended session, a store that does not write.
    pub async fn fetch<P: Platform>(&self, client: &mut Client<P>) -> Result<(), ClientError> {
        mailbox::fetch(client, &self.terms).await
    }

    /// Looks at everything: what was stated, and what time has ended. To be called again and again
    /// with all statements that there are; each order is carried out once.
    ///
    /// # Errors
    /// What may pass: no connection, an ended session, a store that does not write.
    pub async fn tend<P: Platform>(
        &self,
        client: &mut Client<P>,
        statements: &[SignedStatement],
    ) -> Result<Tended, ClientError> {
        let mut tended = Tended::default();
        let heard = mailbox::heard(client)?;
        let handed_in: BTreeSet<[u8; 32]> = heard.iter().map(SignedStatement::hash).collect();
        let mut all = statements.to_vec();
        let known: BTreeSet<[u8; 32]> = all.iter().map(SignedStatement::hash).collect();
        all.extend(heard.into_iter().filter(|s| !known.contains(&s.hash())));
        let carried = Carried {
            by_server_alone: handed_in.difference(&known).copied().collect(),
            handed_in,
        };
        // Of two keys of a custodian the newer one counts.
        all.sort_by_key(|statement| statement.issued_at);
        self.share_out(client, &all, &mut tended).await?;
        self.state_terms(client)?;
        for order in &all {
            self.obey(client, order, &all, &carried, &mut tended)
                .await?;
        }
        self.end(client, &mut tended).await?;
        mailbox::tidy(client)?;
        client.flush().await?;
        Ok(tended)
    }

    /// An export was written down where it is to be: from now on the order is carried out. Until
    /// then each look makes it anew, so that a crash in between loses nothing.
    ///
    /// # Errors
    /// When the store does not write.
    pub async fn written<P: Platform>(
        &self,
        client: &mut Client<P>,
        export: &Export,
    ) -> Result<(), ClientError> {
        let came = Came::Exported {
            manifest: B64(export.manifest.hash().to_vec()),
            files: u64::try_from(export.files.len()).unwrap_or(u64::MAX),
            entries: export.entries,
        };
        settle(client, export.order, came)?;
        client.flush().await
    }

    /// Says what is in force, where that is not what was said last.
    fn state_terms<P: Platform>(&self, client: &mut Client<P>) -> Result<(), ClientError> {
        let custody = self.custody(client)?;
        let rule = self.terms.custodians.as_ref();
        let days = self.terms.retention.as_ref().map(Retention::told);
        let statement = Statement::InForce {
            days: days.unwrap_or_default(),
            officers: self.terms.officers.iter().copied().collect(),
            custodians: rule.map_or_else(Vec::new, |rule| rule.people.iter().copied().collect()),
            needed: rule.map_or(0, |rule| u64::from(rule.needed)),
            export_key: custody.map(|custody| custody.export_key),
        };
        let before = mailbox::told(client, mailbox::IN_FORCE)?;
        if before.is_none_or(|before| before.statement != statement) {
            let signed = client.sign_statement(statement)?;
            mailbox::tell_later(client, mailbox::IN_FORCE, signed)?;
        }
        Ok(())
    }

    /// Everything that was destroyed so far.
    ///
    /// # Errors
    /// When the store is locked.
    pub fn destroyed<P: Platform>(client: &Client<P>) -> Result<Vec<SignedStatement>, ClientError> {
        let all: Vec<Destroyed> = client.all_own(DESTROYED)?;
        let complete = all.into_iter().filter(|destroyed| destroyed.complete);
        Ok(complete.map(|destroyed| destroyed.statement).collect())
    }

    /// Every hold, those that are over included.
    ///
    /// # Errors
    /// When the store is locked.
    pub fn holds<P: Platform>(client: &Client<P>) -> Result<Holds, ClientError> {
        Ok(client.own(HOLDS)?.unwrap_or_default())
    }

    /// Carries an order out, once enough agreed.
    async fn obey<P: Platform>(
        &self,
        client: &mut Client<P>,
        order: &SignedStatement,
        statements: &[SignedStatement],
        carried: &Carried,
        tended: &mut Tended,
    ) -> Result<(), ClientError> {
        let is_order = matches!(
            order.statement,
            Statement::Hold { .. }
                | Statement::EndHold { .. }
                | Statement::Export { .. }
                | Statement::Release { .. }
        );
        let id = hex(&order.mark());
        if !is_order || is_done(client, &order.hash())? {
            return Ok(());
        }
        // What came by a file may count yet, once the host's file is mended; who handed something in
        // is told that it does not, for good.
        let own = order.hash();
        let refuse = |client: &mut Client<P>, why: Refused| {
            if carried.handed_in.contains(&own) {
                tell_outcome(client, order.hash(), Came::Refused { why })?;
            }
            Ok(())
        };
        if !self.terms.officers.contains(&order.user_id) {
            tended.refused.push((id, NotAgreed::Orderer.to_string()));
            return refuse(client, Refused::NotAnOfficer);
        }
        let age = client.platform().now_ms().saturating_sub(order.issued_at);
        // What the server held back until now counts no more: it chose the time.
        let late = age > LIFETIME_MS.saturating_add(ON_ITS_WAY_MS);
        let is_late = |s: &SignedStatement| late && carried.by_server_alone.contains(&s.hash());
        let mut signed = Vec::new();
        let of_it = |s: &&SignedStatement| {
            matches!(&s.statement, Statement::Approval { order, .. } if order.0 == own)
                && !is_late(s)
        };
        for statement in std::iter::once(order).chain(statements.iter().filter(of_it)) {
            match client.verify_statement(statement).await {
                Ok(()) => signed.push(statement.clone()),
                Err(error) if error.is_transient() => return Err(error),
                Err(error) => tended
                    .refused
                    .push((hex(&statement.mark()), error.to_string())),
            }
        }
        if signed.first() != Some(order) {
            // The endorsement of a new device takes a moment until it stands in the log.
            if age > SETTLED_MS {
                return refuse(client, Refused::NotVerified);
            }
            return Ok(());
        }
        if is_late(order) {
            tended.refused.push((id, NotAgreed::TooFew.to_string()));
            return refuse(client, Refused::TooOld);
        }
        let custodians = self.terms.custodians.as_ref();
        let by_officers = matches!(
            order.statement,
            Statement::Hold { .. } | Statement::EndHold { .. }
        );
        let may = |user: &UserId| match custodians {
            _ if by_officers => self.terms.officers.contains(user),
            Some(custodians) => custodians.people.contains(user),
            None => false,
        };
        let needed = match custodians {
            _ if by_officers => 1,
            Some(custodians) => usize::from(custodians.needed),
            None => usize::MAX,
        };
        let mut shares = BTreeMap::new();
        if matches!(order.statement, Statement::Export { .. }) {
            // Whose share does not open has not agreed, so that an older agreement of theirs counts.
            let (opened, shut) = self.shares(client, order, signed)?;
            let shut = shut.iter().filter(|agreement| may(&agreement.user_id));
            let shut = shut.map(|agreement| bad_share(agreement, CustodyError::Share));
            tended.refused.extend(shut);
            (signed, shares) = opened;
        }
        let agreed = agreed(order, &signed, may);
        if agreed.len() < needed {
            tended.refused.push((id, NotAgreed::TooFew.to_string()));
            if age > LIFETIME_MS {
                return refuse(client, Refused::TooOld);
            }
            return Ok(());
        }
        let came = match &order.statement {
            Statement::Hold { .. } => {
                let mut holds = Self::holds(client)?;
                holds.begin(order);
                client.put_own(HOLDS, &holds)?;
                Came::Held
            }
            Statement::EndHold { hold, .. } => {
                let mut holds = Self::holds(client)?;
                if !holds.has(&hold.0) {
                    tended
                        .refused
                        .push((id, "there is no such hold".to_owned()));
                    return refuse(client, Refused::NoSuchHold);
                }
                holds.end(&hold.0, order);
                client.put_own(HOLDS, &holds)?;
                Came::Ended { hold: hold.clone() }
            }
            Statement::Release { device, .. } => {
                release(client, *device)?;
                Came::Released
            }
            Statement::Export { scope, .. } => {
                let shares = agreed
                    .iter()
                    .filter_map(|(user, signed)| Some((*user, shares.get(&signed.mark())?.clone())))
                    .collect();
                match self.key(client, &shares)? {
                    Ok(Combined { key, bad }) => {
                        let of_bad = agreed.iter().filter(|(user, _)| bad.contains(user));
                        let of_bad = of_bad.map(|(_, a)| bad_share(a, CustodyError::WrongKey));
                        tended.refused.extend(of_bad);
                        let mut agreed = agreed;
                        agreed.retain(|user, _| !bad.contains(user));
                        let export = export(client, order, scope, &agreed, &key)?;
                        tended.exports.push(export);
                        tended.done.push(id);
                    }
                    Err(error) => {
                        tended.refused.push((id, error.to_string()));
                        // Until then any of them may agree anew, with the right share.
                        if age > LIFETIME_MS.saturating_add(ON_ITS_WAY_MS) {
                            return refuse(client, Refused::TooOld);
                        }
                    }
                }
                return Ok(());
            }
            _ => return Ok(()),
        };
        settle(client, order.hash(), came)?;
        client.flush().await?;
        tended.done.push(id);
        Ok(())
    }

    /// What custodians have set up, for whom they are now.
    fn custody<P: Platform>(&self, client: &Client<P>) -> Result<Option<Custody>, ClientError> {
        let custody: Option<Custody> = client.own(CUSTODY)?;
        let rule = self.terms.custodians.as_ref();
        Ok(custody.filter(|custody| Some(&custody.rule) == rule))
    }

    /// The order and those agreements to it whose share opens for it, with the shares by mark; and the
    /// other agreements.
    fn shares<P: Platform>(
        &self,
        client: &Client<P>,
        order: &SignedStatement,
        signed: Vec<SignedStatement>,
    ) -> Result<(Opened, Vec<SignedStatement>), ClientError> {
        let custody = self.custody(client)?;
        let about = order.hash();
        let mut shares = BTreeMap::new();
        let (opened, shut) = signed.into_iter().partition(|statement| {
            let Statement::Approval { share, .. } = &statement.statement else {
                return true;
            };
            let opened = share
                .as_ref()
                .zip(custody.as_ref())
                .and_then(|(sealed, custody)| custody.seal.open(sealed, &about).ok());
            let opens = opened.is_some();
            shares.extend(opened.map(|share| (statement.mark(), share)));
            opens
        });
        Ok(((opened, shares), shut))
    }

    /// The export key out of what custodians sealed for one order.
    fn key<P: Platform>(
        &self,
        client: &Client<P>,
        shares: &BTreeMap<UserId, Zeroizing<Vec<u8>>>,
    ) -> Result<Result<Combined, CustodyError>, ClientError> {
        let Some(custody) = self.custody(client)? else {
            return Ok(Err(CustodyError::TooFew));
        };
        let Some(export_key) = custody.export_key.array() else {
            return Ok(Err(CustodyError::WrongKey));
        };
        Ok(custody.rule.combine(shares, &export_key))
    }

    /// Makes the export key once every custodian has told a key for their share, and splits it. The
    /// whole key is forgotten at once.
    async fn share_out<P: Platform>(
        &self,
        client: &mut Client<P>,
        statements: &[SignedStatement],
        tended: &mut Tended,
    ) -> Result<(), ClientError> {
        let Some(rule) = &self.terms.custodians else {
            return Ok(());
        };
        let known: Option<Custody> = client.own(CUSTODY)?;
        if rule.check().is_err() || known.is_some_and(|custody| custody.rule == *rule) {
            return Ok(());
        }
        let mut keys: BTreeMap<UserId, B64> = BTreeMap::new();
        for statement in statements {
            let Statement::CustodianKey { key } = &statement.statement else {
                continue;
            };
            if !rule.people.contains(&statement.user_id) {
                continue;
            }
            match client.verify_statement(statement).await {
                Ok(()) => {
                    keys.insert(statement.user_id, key.clone());
                }
                Err(error) if error.is_transient() => return Err(error),
                Err(error) => tended
                    .refused
                    .push((hex(&statement.mark()), error.to_string())),
            }
        }
        if keys.len() < rule.people.len() {
            return Ok(());
        }
        let mut seed = Zeroizing::new([0; 32]);
        client.platform().random(seed.as_mut());
        let mut random = Zeroizing::new([0; 32]);
        client.platform().random(random.as_mut());
        let bad = |_| ClientError::Invalid("custody could not be set up");
        let seal = SealKey::new(&random).map_err(bad)?;
        let export_key = B64::from(ExportKey::from_seed(&seed).public());
        let shares = rule
            .split(&seed, PlatformRng(client.platform()))
            .map_err(bad)?;
        let mut signed = Vec::new();
        for (user, share) in &shares {
            let sealed = custody::seal(&keys[user], share, user.as_bytes()).map_err(bad)?;
            signed.push(client.sign_statement(Statement::Share {
                custodian: *user,
                export_key: export_key.clone(),
                keeper_key: seal.public.clone(),
                sealed,
            })?);
        }
        let custody = Custody {
            seal,
            export_key,
            rule: rule.clone(),
        };
        client.put_own(CUSTODY, &custody)?;
        for share in &signed {
            if let Statement::Share { custodian, .. } = &share.statement {
                mailbox::tell_later(client, &mailbox::share_name(*custodian), share.clone())?;
            }
        }
        client.flush().await?;
        tended.shares = signed;
        Ok(())
    }

    /// Destroys what retention ends and nothing holds. What is to be destroyed is written down and
    /// signed first: a crash in between is made good with the next look.
    async fn end<P: Platform>(
        &self,
        client: &mut Client<P>,
        tended: &mut Tended,
    ) -> Result<(), ClientError> {
        let unfinished: Vec<Destroyed> = client.all_own(DESTROYED)?;
        for destroyed in unfinished {
            if !destroyed.complete {
                tended.destroyed.push(finish(client, destroyed).await?);
            } else if mailbox::told(client, &destruction_name(&destroyed.statement))?.is_none() {
                // It was destroyed before there was anybody to be told.
                tell_destroyed(client, &destroyed.statement)?;
            }
        }
        let Some(retention) = &self.terms.retention else {
            return Ok(());
        };
        let now = client.platform().now_ms();
        let holds = Self::holds(client)?;
        let mut kinds: BTreeMap<GroupId, GroupKind> = client.own(KINDS)?.unwrap_or_default();
        let before = kinds.len();
        let batches = client.batches()?;
        for batch in &batches {
            // What the server first called it counts: no later word makes its time shorter.
            let kind = match (kinds.get(&batch.group), batch.kind) {
                (Some(kind), _) => Some(*kind),
                (None, Some(kind)) => {
                    kinds.insert(batch.group, kind);
                    Some(kind)
                }
                (None, None) => None,
            };
            let Some(rule) = retention.ended(batch, kind, now) else {
                continue;
            };
            let ledger = ledger(client, batch.group)?;
            if holds.cover(batch, |user| ledger.knew(*user)) {
                continue;
            }
            let destroyed = Destroyed {
                statement: client.sign_statement(destruction(batch, rule))?,
                complete: false,
                odd: Odd::of(batch, &batches),
            };
            client.put_own(&destroyed_name(&destroyed.statement), &destroyed)?;
            client.flush().await?;
            tended.destroyed.push(finish(client, destroyed).await?);
        }
        if kinds.len() != before {
            client.put_own(KINDS, &kinds)?;
            client.flush().await?;
        }
        Ok(())
    }
}

/// An agreement whose share is of no use, for the log: by mark, and whose it is, since they are to agree
/// anew with the right one.
fn bad_share(agreement: &SignedStatement, why: CustodyError) -> (String, String) {
    let whose = format!("the share of custodian {}: {why}", agreement.user_id);
    (hex(&agreement.mark()), whose)
}

/// Notes what came of an order, signed, and that it is carried out; durable with the next flush.
fn settle<P: Platform>(
    client: &mut Client<P>,
    order: [u8; 32],
    came: Came,
) -> Result<(), ClientError> {
    tell_outcome(client, order, came)?;
    let mut done: BTreeSet<String> = client.own(DONE)?.unwrap_or_default();
    done.insert(hex(&order));
    client.put_own(DONE, &done)
}

fn tell_outcome<P: Platform>(
    client: &mut Client<P>,
    order: [u8; 32],
    came: Came,
) -> Result<(), ClientError> {
    let signed = client.sign_statement(Statement::Outcome {
        order: B64(order.to_vec()),
        came,
    })?;
    mailbox::tell_later(client, &mailbox::outcome_name(&order), signed)
}

/// Whether an order was carried out, or refused for good.
fn is_done<P: Platform>(client: &Client<P>, order: &[u8; 32]) -> Result<bool, ClientError> {
    let done: BTreeSet<String> = client.own(DONE)?.unwrap_or_default();
    Ok(done.contains(&hex(order))
        || mailbox::told(client, &mailbox::outcome_name(order))?.is_some())
}

fn tell_destroyed<P: Platform>(
    client: &mut Client<P>,
    signed: &SignedStatement,
) -> Result<(), ClientError> {
    mailbox::tell_later(client, &destruction_name(signed), signed.clone())
}

fn destruction_name(signed: &SignedStatement) -> String {
    mailbox::destruction_name(&signed.hash())
}

/// Destroys a batch that was written down.
async fn finish<P: Platform>(
    client: &mut Client<P>,
    destroyed: Destroyed,
) -> Result<SignedStatement, ClientError> {
    if let Statement::Destruction {
        group, from, until, ..
    } = &destroyed.statement.statement
    {
        client.shred(*group, *from)?;
        removal::requeue(client, None)?;
        let hash = destroyed.statement.hash();
        removal::begin(client, *group, (*from, *until), &destroyed.odd, &hash)?;
        // Their pages went with it, of this conversation and of others.
        let channels: BTreeSet<GroupId> = channels(client)?.into_values().collect();
        for kept in client.kept_groups()? {
            if !channels.contains(&kept.id) {
                let mut ledger = ledger(client, kept.id)?;
                ledger.requeue();
                client.put_own(&name(kept.id), &ledger)?;
            }
        }
    }
    let statement = destroyed.statement.clone();
    let complete = Destroyed {
        complete: true,
        odd: Odd::default(),
        ..destroyed
    };
    client.put_own(&destroyed_name(&statement), &complete)?;
    tell_destroyed(client, &statement)?;
    client.flush().await?;
    Ok(statement)
}

fn destruction(batch: &Batch, rule: String) -> Statement {
    Statement::Destruction {
        group: batch.group,
        from: batch.from,
        until: batch.until,
        // No device holds more entries than 64 bits count.
        count: u64::try_from(batch.ids.len()).unwrap_or(u64::MAX),
        ids: B64(digest(&batch.ids).to_vec()),
        rule,
    }
}

/// SHA-256 over ids, sorted.
pub fn digest(ids: &[MessageId]) -> [u8; 32] {
    let ids: BTreeSet<&MessageId> = ids.iter().collect();
    let mut digest = Sha256::new();
    for id in ids {
        digest.update(id.as_bytes());
    }
    digest.finalize().into()
}

fn release<P: Platform>(client: &mut Client<P>, device: DeviceId) -> Result<(), ClientError> {
    let now = client.platform().now_ms();
    let channels: BTreeSet<GroupId> = channels(client)?.into_values().collect();
    for kept in client.kept_groups()? {
        if !channels.contains(&kept.id) {
            let mut ledger = ledger(client, kept.id)?;
            ledger.release(device, now);
            client.put_own(&name(kept.id), &ledger)?;
        }
    }
    Ok(())
}

/// Everything within a scope, a file for each conversation, one line an entry.
fn export<P: Platform>(
    client: &Client<P>,
    order: &SignedStatement,
    scope: &Scope,
    agreed: &BTreeMap<UserId, &SignedStatement>,
    key: &ExportKey,
) -> Result<Export, ClientError> {
    let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let mut entries = 0;
    let mut covered: BTreeMap<GroupId, BTreeSet<MessageId>> = BTreeMap::new();
    for batch in client.batches()? {
        let ledger = ledger(client, batch.group)?;
        if covers(scope, &batch, |user| ledger.knew(*user)) {
            covered.entry(batch.group).or_default().extend(batch.ids);
        }
    }
    let (from, until) = (scope.from.unwrap_or(0), scope.until.unwrap_or(u64::MAX));
    for (group, ids) in covered {
        let ledger = ledger(client, group)?;
        for entry in client.kept(group, from, until)? {
            if !ids.contains(&entry.id) {
                continue;
            }
            let of = |user: &UserId| *user == entry.from.id || ledger.was_member(*user, entry.seq);
            if !scope.people.is_empty() && !scope.people.iter().any(of) {
                continue;
            }
            let line = json!({
                "id": entry.id,
                "seq": entry.seq,
                "from": entry.from,
                "sent_at": entry.sent_at,
                "priority": entry.priority,
                "text": entry.text,
                "form": entry.form,
                "reference": entry.reference,
                "reply_to": entry.reply_to,
                "change": entry.change,
                "expires": entry.expires,
            });
            let file = files.entry(format!("{group}.ndjson")).or_default();
            file.extend_from_slice(line.to_string().as_bytes());
            file.push(b'\n');
            entries += 1;
        }
    }
    let listed = files.iter().map(|(name, bytes)| {
        let hash: [u8; 32] = Sha256::digest(bytes).into();
        (name.clone(), B64::from(hash))
    });
    let manifest = client.sign_statement(Statement::Exported {
        order: B64(order.hash().to_vec()),
        approvals: agreed.values().map(|s| B64(s.hash().to_vec())).collect(),
        files: listed.collect(),
    })?;
    let signature = B64(key.sign(&manifest.signed_bytes()).to_vec());
    Ok(Export {
        files: files.into_iter().collect(),
        manifest,
        signature,
        entries,
        order: order.hash(),
    })
}

/// The platform's randomness.
struct PlatformRng<'a, P>(&'a P);

impl<P: Platform> TryRng for PlatformRng<'_, P> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.0.random(&mut bytes);
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.0.random(&mut bytes);
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        self.0.random(out);
        Ok(())
    }
}

impl<P: Platform> TryCryptoRng for PlatformRng<'_, P> {}

fn destroyed_name(statement: &SignedStatement) -> String {
    format!("{DESTROYED}{}", hex(&statement.hash()))
}

/// How long an order may wait for its device to be known.
pub(crate) const SETTLED_MS: u64 = 60 * 60 * 1000;
/// How long what was agreed to on the last day may be on its way.
const ON_ITS_WAY_MS: u64 = 24 * 60 * 60 * 1000;
const HOLDS: &str = "holds";
const DONE: &str = "orders-done";
const CUSTODY: &str = "custody";
const KINDS: &str = "kinds";
const DESTROYED: &str = "destroyed/";
