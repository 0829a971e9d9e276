//! The programs and the public lists in force, and how a device stands by them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wardline_model::wire::enroll::Platform;
use wardline_model::wire::posture::{Assessment, Fact};
use wardline_posture::patch::Feeds;
use wardline_programs::assess::{Disowned, Told};
use wardline_programs::{Judge, Terms};
use wardline_store::{Device, StoredProgram, Tx};

use crate::app::App;
use crate::problem::Refusal;

/// The programs and the public lists that are in force.
#[derive(Debug, Clone)]
pub(crate) struct Rulebook {
    programs: BTreeMap<String, InForce>,
    /// The public lists of patches, where there are any.
    pub(crate) feeds: Option<Arc<Feeds>>,
    told: Arc<BTreeMap<String, Told>>,
}

/// The devices among which it is looked whether anybody tells something: those of a program with the
/// same kind of client. The agent of a workstation tells nothing of its browser, which is a device
/// of its own.
fn told_by(device: &Device) -> String {
    kind(&device.program, device.platform)
}

fn kind(program: &str, platform: Platform) -> String {
    match platform {
        Platform::Browser => format!("{program}/browser"),
        Platform::Native => format!("{program}/native"),
    }
}

/// What was known of any device of a program a moment ago. It only says whether a rule waits for
/// somebody to tell it anything, and rules have days of grace, so a minute more or less is nothing.
#[derive(Debug, Default)]
pub(crate) struct LastTold(Mutex<Option<ToldAt>>);

/// When it was, unix milliseconds, and what was known then, by program and kind of client.
type ToldAt = (u64, Arc<BTreeMap<String, Told>>);

impl LastTold {
    async fn get(&self, tx: &mut Tx, now_ms: u64) -> Result<Arc<BTreeMap<String, Told>>, Refusal> {
        if let Some((at, told)) = self.lock().as_ref()
            && now_ms.saturating_sub(*at) < TOLD_MS
        {
            return Ok(Arc::clone(told));
        }
        let mut all: BTreeMap<String, Told> = BTreeMap::new();
        for told in tx.told().await? {
            let kind = kind(&told.program, told.platform);
            let fact = (told.name, told.provenance);
            all.entry(kind).or_default().insert(fact);
        }
        let all = Arc::new(all);
        *self.lock() = Some((now_ms, Arc::clone(&all)));
        Ok(all)
    }

    fn lock(&self) -> MutexGuard<'_, Option<ToldAt>> {
        // The value is replaced whole, so a poisoned lock holds no half state.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const TOLD_MS: u64 = 60_000;

/// A program and when it was changed.
#[derive(Debug, Clone)]
pub(crate) struct InForce {
    /// Its terms.
    pub(crate) terms: Terms,
    /// How often the hospital changed it.
    pub(crate) version: u64,
    /// When it did so last, unix milliseconds.
    pub(crate) changed_at: Option<u64>,
}

impl Rulebook {
    /// What is in force, as this transaction sees it.
    pub(crate) async fn load(app: &App, tx: &mut Tx) -> Result<Self, Refusal> {
        let baseline = Terms::baseline().into_iter().map(|terms| InForce {
            terms,
            version: 0,
            changed_at: None,
        });
        let mut programs: BTreeMap<String, InForce> = baseline
            .map(|program| (program.terms.slug.clone(), program))
            .collect();
        for stored in tx.programs().await? {
            let slug = stored.slug.clone();
            match in_force(&stored) {
                Ok(program) => {
                    programs.insert(slug, program);
                }
                // Terms of an earlier release that no longer hold together must not keep everybody
                // out, whoever could mend them included.
                Err(error) => {
                    tracing::error!(%error, %slug, "a program's terms are not readable; those that \
                         ship with Wardline hold until they are changed");
                }
            }
        }
        Ok(Self {
            programs,
            feeds: app.feeds.current(tx).await?,
            told: app.told.get(tx, app.clock.now_ms()).await?,
        })
    }

    /// Whether the same is in force as here: programs by their versions, and the public lists.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let versions = |rules: &Self| -> Vec<u64> {
            rules
                .programs
                .values()
                .map(|program| program.version)
                .collect()
        };
        let feeds = match (&self.feeds, &other.feeds) {
            (Some(these), Some(those)) => Arc::ptr_eq(these, those),
            (None, None) => true,
            _ => false,
        };
        feeds && versions(self) == versions(other)
    }

    /// A program by its slug.
    pub(crate) fn program(&self, slug: &str) -> Option<&InForce> {
        self.programs.get(slug)
    }

    /// The terms of a device's program.
    ///
    /// # Errors
    /// A device of an unknown program is a fault: slugs are checked when devices are enrolled.
    pub(crate) fn terms(&self, slug: &str) -> Result<&Terms, Refusal> {
        self.program(slug)
            .map(|program| &program.terms)
            .ok_or_else(|| Refusal::internal("a device has a program that there is not"))
    }

    /// All programs.
    pub(crate) fn programs(&self) -> impl Iterator<Item = &InForce> {
        self.programs.values()
    }

    /// Puts other terms in the place of a program's, to see what they would do.
    pub(crate) fn with(mut self, terms: Terms) -> Self {
        let version = self.program(&terms.slug).map_or(0, |p| p.version);
        let program = InForce {
            version,
            changed_at: None,
            terms,
        };
        self.programs.insert(program.terms.slug.clone(), program);
        self
    }

    /// A judge by the public lists in force.
    pub(crate) fn judge(&self) -> Judge<'_> {
        Judge::new(self.feeds.as_deref())
    }

    /// How a device stands by its program's rules. Nothing is written.
    pub(crate) fn look(
        &self,
        judge: &mut Judge<'_>,
        device: &Device,
        facts: &[Fact],
        now_ms: u64,
    ) -> Result<Assessment, Refusal> {
        self.look_after(before(device).as_ref(), judge, device, facts, now_ms)
    }

    /// The same, where it is known already how the device stood before.
    pub(super) fn look_after(
        &self,
        before: Option<&Assessment>,
        judge: &mut Judge<'_>,
        device: &Device,
        facts: &[Fact],
        now_ms: u64,
    ) -> Result<Assessment, Refusal> {
        let case = wardline_programs::Device {
            facts,
            enrolled_at: device.created_at,
            seen_at: device.last_seen_at,
            before,
            told: Some(self.told.get(&told_by(device)).unwrap_or(&NOTHING)),
            disowned: device.disowned_at.map(|at| Disowned {
                at,
                why: device.disowned_why.as_deref().unwrap_or_default(),
            }),
        };
        let terms = self.terms(&device.program)?;
        Ok(wardline_programs::assess(terms, &case, judge, now_ms))
    }
}

fn in_force(stored: &StoredProgram) -> Result<InForce, Refusal> {
    let program = serde_json::from_str(&stored.terms).map_err(Refusal::internal)?;
    Ok(InForce {
        terms: Terms::new(program).map_err(Refusal::internal)?,
        version: stored.version,
        changed_at: Some(stored.changed_at),
    })
}

/// How a device stood when it was looked at last.
pub(crate) fn before(device: &Device) -> Option<Assessment> {
    serde_json::from_str(device.assessment.as_deref()?).ok()
}

/// Of a program of whose devices nothing is known.
static NOTHING: Told = Told::new();
