//! Records as somebody may see them: whose they may look at, and of each entry how much.
//!
//! Nothing of a record leaves this server but through [`Views`]: it asks the policies about each entry,
//! and hands out what they let through. What it handed out, it can tell, for the event.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::{Value, json};
use wardline_audit::event::Kind;
use wardline_fhir::search::params::{About, Type};
use wardline_fhir::{Resource as Entry, view};
use wardline_model::PatientId;
use wardline_policy::{Action, Because, Glass, Resource};
use wardline_store::{Find, Stored, Tx};

use crate::app::{App, Peer};
use crate::caller::Caller;
use crate::charts;
use crate::explain;
use crate::gate::{Note, Permit, change};
use crate::problem::Refusal;
use crate::rim::random;
use crate::routes::patients;

/// Whose record somebody may look at, and why.
#[derive(Debug, Clone)]
pub(crate) struct Compartment {
    /// The patient.
    pub(crate) id: PatientId,
    care_team: bool,
    conversation: bool,
    glass: Option<Glass>,
    explained: Option<Because>,
    labels: BTreeSet<String>,
}

impl Compartment {
    /// The record of a patient, where there is a reason to look.
    pub(crate) fn of(resource: Resource) -> Option<Self> {
        match resource {
            Resource::Patient {
                id,
                care_team,
                conversation,
                glass,
                explained,
                labels,
            } if care_team || conversation || glass.is_some() || explained.is_some() => {
                Some(Self {
                    id,
                    care_team,
                    conversation,
                    glass,
                    explained,
                    labels,
                })
            }
            _ => None,
        }
    }

    /// An entry of this record.
    fn entry(
        &self,
        kind: &str,
        id: &str,
        categories: BTreeSet<String>,
        labels: &BTreeSet<String>,
    ) -> Resource {
        Resource::Entry {
            kind: kind.to_owned(),
            id: id.to_owned(),
            patient: Some(self.id.clone()),
            categories,
            care_team: self.care_team,
            conversation: self.conversation,
            glass: self.glass,
            explained: self.explained,
            labels: labels.union(&self.labels).cloned().collect(),
        }
    }

    const fn basis(&self) -> &'static str {
        patients::basis(
            self.care_team,
            self.conversation,
            self.glass,
            self.explained,
        )
    }
}

/// How much of an entry somebody sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Seen {
    /// All of it.
    Whole,
    /// Who, where and what to be careful of.
    Part,
    /// Nothing.
    Not(Closed),
}

/// Why somebody sees nothing of an entry, and what opens it.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Closed {
    /// The policy's stable code, where one refuses it.
    pub(crate) reason: Option<String>,
    /// What to do about it; empty where nothing helps.
    pub(crate) advice: Vec<String>,
    /// What to prove; empty where no proof opens it.
    pub(crate) methods: Vec<String>,
    /// What the proof has to be given for, where one for something else does not count.
    pub(crate) scopes: Vec<String>,
}

/// What leaves of an entry.
#[derive(Clone)]
pub(crate) struct Shown {
    /// As it leaves.
    pub(crate) json: Value,
    /// The same, checked: what of it may be searched by and read.
    pub(crate) entry: Entry,
    /// Whether it is not all.
    pub(crate) in_part: bool,
}

/// What one person sees of records, in one request.
pub(crate) struct Views<'a> {
    app: &'a App,
    caller: &'a Caller,
    compartments: BTreeMap<PatientId, Compartment>,
    asked: HashMap<Question, Seen>,
    told: Told,
}

/// Entries of which the policies know no difference are asked about once.
#[derive(PartialEq, Eq, Hash)]
struct Question {
    kind: String,
    patient: Option<PatientId>,
    categories: BTreeSet<String>,
    labels: BTreeSet<String>,
}

/// What was handed out.
#[derive(Default)]
struct Told {
    /// By whose they are, those of nobody under an empty name; then by type.
    entries: BTreeMap<String, BTreeMap<String, BTreeSet<String>>>,
    patients: BTreeSet<PatientId>,
}

impl<'a> Views<'a> {
    /// Of nobody's record yet.
    pub(crate) fn new(app: &'a App, caller: &'a Caller) -> Self {
        Self {
            app,
            caller,
            compartments: BTreeMap::new(),
            asked: HashMap::new(),
            told: Told::default(),
        }
    }

    /// Adds a patient's record, where the person has a reason to look; whether they have.
    pub(crate) async fn add(&mut self, tx: &mut Tx, id: &PatientId) -> Result<bool, Refusal> {
        if self.compartments.contains_key(id) {
            return Ok(true);
        }
        let now_ms = self.caller.asker().now_ms;
        let resource = patients::resource(self.app, tx, self.caller.user(), id, now_ms).await?;
        Ok(self.admit(resource))
    }

    /// Adds a record that was looked up. A reason that the policies hold for too thin is none: of such a record
    /// nothing is told, not even how much of it there is.
    pub(crate) fn admit(&mut self, resource: Resource) -> bool {
        if let Resource::Patient {
            care_team: false,
            conversation: false,
            glass: None,
            explained: Some(_),
            ..
        } = &resource
        {
            let asker = self.caller.asker();
            let decided = self.app.judge(asker, Action::PatientRead, resource.clone());
            if !matches!(decided, Ok(()) | Err(Refusal::StepUp { .. })) {
                return false;
            }
        }
        let Some(compartment) = Compartment::of(resource) else {
            return false;
        };
        self.compartments
            .insert(compartment.id.clone(), compartment);
        true
    }

    /// Adds a record that became part of another one: there is as much reason to look at what points to that
    /// one as at that one itself.
    pub(crate) async fn add_merged(
        &mut self,
        tx: &mut Tx,
        id: &PatientId,
        into: &PatientId,
    ) -> Result<(), Refusal> {
        let now_ms = self.caller.asker().now_ms;
        let resource = patients::resource(self.app, tx, self.caller.user(), into, now_ms).await?;
        if let Some(of) = Compartment::of(resource) {
            let of = Compartment {
                id: id.clone(),
                ..of
            };
            self.compartments.insert(id.clone(), of);
        }
        Ok(())
    }

    /// Adds every record that the person has a reason to look at.
    pub(crate) async fn add_own(&mut self, tx: &mut Tx) -> Result<(), Refusal> {
        let (user, now_ms) = (self.caller.user(), self.caller.asker().now_ms);
        let mut all: BTreeSet<PatientId> = tx.patients_of(user).await?.into_iter().collect();
        all.extend(tx.patients_talked_about(user).await?);
        all.extend(tx.patients_under_glass(user, now_ms).await?);
        all.extend(explain::patients(self.app, tx, user, true, now_ms).await?);
        for id in &all {
            self.add(tx, id).await?;
        }
        Ok(())
    }

    /// Whose records they are.
    pub(crate) fn patients(&self) -> Vec<PatientId> {
        self.compartments.keys().cloned().collect()
    }

    /// Leaves only these.
    pub(crate) fn keep(&mut self, ids: &BTreeSet<PatientId>) {
        self.compartments.retain(|id, _| ids.contains(id));
    }

    /// The entry as the policies see it; `None` where it is in no record that was added, nor the
    /// hospital's.
    pub(crate) fn resource(&self, entry: &Entry) -> Option<Resource> {
        let kind = Type::named(entry.resource_type());
        let about = kind.map_or(About::Patient, |kind| kind.about);
        let (labels, categories) = (view::labels(entry), view::categories(entry));
        match (entry.patient(), about) {
            (Some(patient), _) => {
                let of = self.compartments.get(&patient)?;
                Some(of.entry(entry.resource_type(), entry.id(), categories, &labels))
            }
            (None, About::Hospital) => Some(Resource::Entry {
                kind: entry.resource_type().to_owned(),
                id: entry.id().to_owned(),
                patient: None,
                categories,
                care_team: false,
                conversation: false,
                glass: None,
                explained: None,
                labels,
            }),
            // An entry of a record that names nobody is nobody's to read.
            (None, About::Patient) => None,
        }
    }

    /// A patient's record that the person has no reason to look at, or that there is not: which of the two
    /// is not to be told.
    pub(crate) fn resource_of_nobody(&self, patient: &PatientId, id: &str) -> Resource {
        match self.compartments.get(patient) {
            Some(of) => of.entry("Patient", id, BTreeSet::new(), &BTreeSet::new()),
            None => Resource::Entry {
                kind: "Patient".to_owned(),
                id: id.to_owned(),
                patient: Some(patient.clone()),
                categories: BTreeSet::new(),
                care_team: false,
                conversation: false,
                glass: None,
                explained: None,
                labels: BTreeSet::new(),
            },
        }
    }

    /// The same for an entry that names no patient, as if it were of this one's record.
    pub(crate) fn seen_with(&mut self, entry: &Entry, patient: Option<&PatientId>) -> Seen {
        let Some(of) = patient.and_then(|id| self.compartments.get(id)) else {
            return self.seen(entry);
        };
        let (kind, id) = (entry.resource_type(), entry.id());
        let resource = of.entry(kind, id, view::categories(entry), &view::labels(entry));
        self.ask(&resource)
    }

    /// How much of an entry the person sees.
    pub(crate) fn seen(&mut self, entry: &Entry) -> Seen {
        match self.resource(entry) {
            Some(resource) => self.ask(&resource),
            None => Seen::Not(Closed::default()),
        }
    }

    fn ask(&mut self, resource: &Resource) -> Seen {
        let Resource::Entry {
            kind,
            patient,
            categories,
            labels,
            ..
        } = resource
        else {
            return Seen::Not(Closed::default());
        };
        let question = Question {
            kind: kind.clone(),
            patient: patient.clone(),
            categories: categories.clone(),
            labels: labels.clone(),
        };
        if let Some(seen) = self.asked.get(&question) {
            return seen.clone();
        }
        let asker = self.caller.asker();
        let seen = match self.app.judge(asker, Action::EntryRead, resource.clone()) {
            Ok(()) => Seen::Whole,
            Err(Refusal::StepUp {
                methods,
                scopes,
                advice,
            }) => Seen::Not(Closed {
                reason: None,
                advice,
                methods: methods.iter().map(|it| it.as_str().to_owned()).collect(),
                scopes: scopes.iter().map(|it| it.as_str().to_owned()).collect(),
            }),
            Err(_) if self.app.may(asker, Action::EntryGlance, resource.clone()) => Seen::Part,
            Err(Refusal::Denied { code, advice }) if code != MISSING => Seen::Not(Closed {
                reason: Some(code),
                advice,
                ..Closed::default()
            }),
            Err(_) => Seen::Not(Closed::default()),
        };
        self.asked.insert(question, seen.clone());
        seen
    }

    /// What leaves of a stored entry, or why nothing does. It is not handed out by this: see
    /// [`Views::hand_out`].
    pub(crate) fn show(&mut self, stored: &Stored) -> Result<Result<Shown, Seen>, Refusal> {
        let entry = charts::parse(&stored.body)?;
        let (version, at) = (stored.version, stored.stored_at);
        match self.seen(&entry) {
            Seen::Whole => Ok(Ok(Shown {
                json: view::whole(&entry, version, at),
                entry,
                in_part: false,
            })),
            Seen::Part => match view::glance(&entry, version, at) {
                Some(json) => {
                    let entry = Entry::new(json.clone()).map_err(Refusal::internal)?;
                    Ok(Ok(Shown {
                        json,
                        entry,
                        in_part: true,
                    }))
                }
                None => Ok(Err(Seen::Not(Closed::default()))),
            },
            not @ Seen::Not(_) => Ok(Err(not)),
        }
    }

    /// Notes that an entry leaves.
    pub(crate) fn hand_out(&mut self, entry: &Entry) {
        self.hand_out_named(entry.resource_type(), entry.id(), entry.patient());
    }

    /// The same by its name.
    pub(crate) fn hand_out_named(&mut self, kind: &str, id: &str, patient: Option<PatientId>) {
        let whose = patient.as_ref().map_or("", PatientId::as_str).to_owned();
        let of = self.told.entries.entry(whose).or_default();
        of.entry(kind.to_owned()).or_default().insert(id.to_owned());
        self.told.patients.extend(patient);
    }

    /// Entries of a type that are in these records and do not leave, by what would open them. It counts
    /// all of them, whatever was searched for: how many of those match would answer the question.
    pub(crate) async fn withheld(
        &mut self,
        tx: &mut Tx,
        kind: &'static Type,
    ) -> Result<BTreeMap<Vec<String>, usize>, Refusal> {
        let mut out: BTreeMap<Vec<String>, usize> = BTreeMap::new();
        if kind.about == About::Hospital || self.compartments.len() > MOST_COUNTED {
            return Ok(out);
        }
        let all: Vec<Compartment> = self.compartments.values().cloned().collect();
        for of in &all {
            let find = Find {
                kind: kind.name,
                patient: Some(&of.id),
                ids: None,
                terms: &[],
                after: None,
                limit: MOST_LABELLED,
            };
            let ordinary = of.entry(kind.name, "", BTreeSet::new(), &BTreeSet::new());
            if let Seen::Not(Closed { advice, .. }) = self.ask(&ordinary) {
                let count = usize::try_from(tx.count_found(&find).await?).unwrap_or(usize::MAX);
                *out.entry(advice).or_default() += count;
                continue;
            }
            let labelled = [vec![(charts::LABELLED, charts::LABELLED.to_owned())]];
            let labelled = Find {
                terms: &labelled,
                ..find
            };
            for stored in tx.find(&labelled).await? {
                if let Seen::Not(Closed { advice, .. }) = self.seen(&charts::parse(&stored.body)?) {
                    *out.entry(advice).or_default() += 1;
                }
            }
        }
        out.retain(|_, count| *count > 0);
        Ok(out)
    }

    /// Records what was handed out, before it leaves: each entry by name, whose it is, and on what
    /// grounds. What is read under a grant is noted with it, for whoever reviews it.
    pub(crate) async fn record(
        self,
        permit: Permit,
        kind: Kind,
        look: Look<'_>,
    ) -> Result<BTreeSet<PatientId>, Refusal> {
        let Told { entries, patients } = self.told;
        let told: Vec<Compartment> = patients
            .iter()
            .filter_map(|id| self.compartments.get(id).cloned())
            .collect();
        let bases: BTreeSet<&str> = told.iter().map(Compartment::basis).collect();
        // Why of whom, so that what was looked at for which reason can be counted.
        let reasons: BTreeMap<&str, &str> = told
            .iter()
            .filter_map(|it| Some((it.id.as_str(), it.explained?.as_str())))
            .collect();
        let glasses: Vec<(PatientId, Glass)> = told
            .iter()
            .filter(|it| !it.care_team)
            .filter_map(|it| Some((it.id.clone(), it.glass?)))
            .collect();
        let purposes: BTreeSet<&str> = if glasses.is_empty() {
            BTreeSet::from(["TREAT"])
        } else {
            glasses
                .iter()
                .map(|(_, glass)| glass.purpose.as_str())
                .collect()
        };
        let person = self.caller.asker().person.as_ref();
        let roles = person.map(|person| json!(person.roles)).unwrap_or_default();
        let put = |note: &mut Note| {
            note.put("interaction", look.interaction)
                .put("type", look.kind)
                .put("entries", json!(entries))
                .put("patients", json!(patients))
                .put("basis", json!(bases))
                .put("reasons", json!(reasons))
                .put("purpose", json!(purposes))
                .put("roles", roles.clone())
                .put("source", look.peer.address.ip().to_canonical().to_string());
            if !look.by.is_empty() {
                note.put("by", json!(look.by));
            }
            if look.withheld > 0 {
                note.put("withheld", look.withheld);
            }
        };
        if glasses.is_empty() {
            let permit = permit.kind(kind);
            let mut note = permit.note();
            put(&mut note);
            permit.record_with(note).await?;
            return Ok(patients);
        }
        let now_ms = permit.now_ms();
        change!(permit.kind(UNDER_GLASS), |tx, note| {
            put(note);
            let grants: Vec<String> = glasses.iter().map(|(_, it)| it.id.to_string()).collect();
            note.put("glass", json!(grants));
            for (patient, glass) in &glasses {
                let what = format!("{} patient/{patient}", look.action);
                tx.note_glass_look(glass.id, random(), &what, now_ms)
                    .await?;
            }
            Ok(())
        })?;
        Ok(patients)
    }
}

/// What is recorded of a look beside what was seen.
#[derive(Clone, Copy)]
pub(crate) struct Look<'a> {
    /// FHIR's name of it: `read`, `search-type`, `operation`.
    pub(crate) interaction: &'a str,
    /// The FHIR type that was asked for.
    pub(crate) kind: &'a str,
    /// The names of what was searched by.
    pub(crate) by: &'a [&'static str],
    /// How much there was besides.
    pub(crate) withheld: usize,
    /// The action, for whoever reviews a grant.
    pub(crate) action: Action,
    /// Where the request came from.
    pub(crate) peer: Peer,
}

/// The policies' code where nobody said anything of the person's role.
const MISSING: &str = "missing_permission";
const UNDER_GLASS: Kind = Kind::named("glass.used");
/// Of more records than this nobody counts what is not shown.
const MOST_COUNTED: usize = 30;
/// The most sensitive entries of one type in one record that are counted.
const MOST_LABELLED: u32 = 200;
