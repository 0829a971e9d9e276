//! From a [`Question`] to Cedar's request and entities.
//!
//! Two or three entities and one context record for each question, built from values directly:
//! no text is parsed and no JSON is made on the way.

use std::collections::{BTreeMap, BTreeSet};

use cedar_policy::{
    Context, Entities, Entity, EntityId, EntityTypeName, EntityUid, Request,
    RestrictedExpression as Value, Schema,
};
use wardline_model::wire::groups::GroupKind;
use wardline_model::{DeviceId, UserId};

use crate::question::{
    BotFacts, Circumstances, DeviceFacts, Limits, Person, Question, Scope, SessionFacts,
};
use crate::resource::{Because, Glass, Resource, ResourceKind};

/// The names of the schema's types, parsed once.
#[derive(Debug, Clone)]
pub(crate) struct Names {
    anonymous: EntityUid,
    hospital: EntityUid,
    log: EntityUid,
    person: EntityTypeName,
    role: EntityTypeName,
    program: EntityTypeName,
    passkey: EntityTypeName,
    device_state: EntityTypeName,
    network: EntityTypeName,
    place: EntityTypeName,
    group_kind: EntityTypeName,
    group: EntityTypeName,
    escalation: EntityTypeName,
    attachment: EntityTypeName,
    device: EntityTypeName,
    session: EntityTypeName,
    factors: EntityTypeName,
    invite: EntityTypeName,
    recovery: EntityTypeName,
    patient: EntityTypeName,
    document: EntityTypeName,
    entry: EntityTypeName,
    key_packages: EntityTypeName,
    share: EntityTypeName,
    purpose: EntityTypeName,
    because: EntityTypeName,
    glass: EntityTypeName,
    look: EntityTypeName,
    records: EntityTypeName,
    forward: EntityTypeName,
    policy: EntityTypeName,
}

/// A question that Cedar's types cannot hold. None is known; the engine refuses it all the same.
#[derive(Debug)]
pub(crate) struct Unspeakable;

/// The action that is asked about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    /// The action, with the groups that it belongs to.
    pub(crate) action: &'a Entity,
    /// Whether anything in the policies depends on these groups.
    pub(crate) with_groups: bool,
}

type Attributes = Vec<(String, Value)>;

impl Names {
    pub(crate) fn new() -> Self {
        Self {
            anonymous: uid(&entity_type("Anonymous"), "anonymous"),
            hospital: uid(&entity_type(ResourceKind::Hospital.as_str()), "hospital"),
            log: uid(&entity_type(ResourceKind::Log.as_str()), "log"),
            person: entity_type("Person"),
            role: entity_type("Role"),
            program: entity_type("Program"),
            passkey: entity_type("Passkey"),
            device_state: entity_type("DeviceState"),
            network: entity_type("Network"),
            place: entity_type("Place"),
            group_kind: entity_type("GroupKind"),
            group: entity_type(ResourceKind::Group.as_str()),
            escalation: entity_type(ResourceKind::Escalation.as_str()),
            attachment: entity_type(ResourceKind::Attachment.as_str()),
            device: entity_type(ResourceKind::Device.as_str()),
            session: entity_type(ResourceKind::Session.as_str()),
            factors: entity_type(ResourceKind::Factors.as_str()),
            invite: entity_type(ResourceKind::Invite.as_str()),
            recovery: entity_type(ResourceKind::Recovery.as_str()),
            patient: entity_type(ResourceKind::Patient.as_str()),
            document: entity_type(ResourceKind::Document.as_str()),
            entry: entity_type(ResourceKind::Entry.as_str()),
            key_packages: entity_type(ResourceKind::KeyPackages.as_str()),
            share: entity_type(ResourceKind::Share.as_str()),
            purpose: entity_type("Purpose"),
            because: entity_type("Because"),
            glass: entity_type(ResourceKind::Glass.as_str()),
            look: entity_type(ResourceKind::Look.as_str()),
            forward: entity_type(ResourceKind::Forward.as_str()),
            policy: entity_type(ResourceKind::Policy.as_str()),
            records: entity_type(ResourceKind::Records.as_str()),
        }
    }

    /// The request and its entities. With a schema, both are checked against it: slow, for tests.
    pub(crate) fn ask(
        &self,
        question: &Question,
        Asked {
            action,
            with_groups,
        }: Asked<'_>,
        schema: Option<&Schema>,
    ) -> Result<(Request, Entities), Unspeakable> {
        let principal = match &question.principal {
            Some(person) => self.person(person)?,
            None => Entity::with_uid(self.anonymous.clone()),
        };
        let resource = self.resource(&question.resource)?;
        let context = Context::from_pairs(self.context(question)?).map_err(|_| Unspeakable)?;
        let request = Request::new(
            principal.uid(),
            action.uid(),
            resource.uid(),
            context,
            schema,
        )
        .map_err(|_| Unspeakable)?;
        let action = with_groups.then(|| action.clone());
        let entities = [principal, resource].into_iter().chain(action);
        // Adding them costs a third of what making them all at once does.
        let entities = Entities::empty()
            .add_entities(entities, schema)
            .map_err(|_| Unspeakable)?;
        Ok((request, entities))
    }

    fn person(&self, person: &Person) -> Result<Entity, Unspeakable> {
        let roles = person.roles.iter().map(|role| self.value(&self.role, role));
        let departments = person
            .departments
            .iter()
            .map(|d| Value::new_string(d.clone()));
        let mut attributes = vec![
            attribute("roles", Value::new_set(roles)),
            attribute("departments", Value::new_set(departments)),
            attribute("active", Value::new_bool(person.active)),
            attribute("onboarded", Value::new_bool(person.onboarded)),
        ];
        if let Some(facility) = &person.facility {
            attributes.push(attribute(
                "facility",
                Value::new_string(facility.to_string()),
            ));
        }
        if let Some(bot) = &person.bot {
            attributes.push(attribute("bot", self.bot(bot)?));
        }
        entity(uid(&self.person, &person.id.to_string()), attributes)
    }

    fn bot(&self, bot: &BotFacts) -> Result<Value, Unspeakable> {
        let groups = bot.groups.iter();
        let groups = groups.map(|group| self.value(&self.group, &group.to_string()));
        let roles = bot.roles.iter();
        let roles = roles.map(|role| Value::new_string(role.clone()));
        record(vec![
            attribute("reads", Value::new_bool(bot.reads)),
            attribute("urgent", Value::new_bool(bot.urgent)),
            attribute("stat", Value::new_bool(bot.stat)),
            attribute("anywhere", Value::new_bool(bot.anywhere)),
            attribute("groups", Value::new_set(groups)),
            attribute("roles", Value::new_set(roles)),
            attribute("care_teams", Value::new_bool(bot.care_teams)),
            attribute("results", Value::new_bool(bot.results)),
        ])
    }

    fn resource(&self, resource: &Resource) -> Result<Entity, Unspeakable> {
        match resource {
            Resource::Hospital => Ok(Entity::with_uid(self.hospital.clone())),
            Resource::Log => Ok(Entity::with_uid(self.log.clone())),
            Resource::Group {
                id,
                kind,
                member,
                removal_pending,
                role,
                urgent,
            } => {
                let mut attributes = vec![
                    attribute("kind", self.value(&self.group_kind, group_kind(*kind))),
                    attribute("member", Value::new_bool(*member)),
                    attribute("removal_pending", Value::new_bool(*removal_pending)),
                    attribute("urgent", Value::new_bool(*urgent)),
                ];
                let role = role.as_ref().map(|role| Value::new_string(role.clone()));
                attributes.extend(role.map(|role| attribute("role", role)));
                entity(uid(&self.group, &id.to_string()), attributes)
            }
            Resource::Escalation { id, asked, sent } => entity(
                uid(&self.escalation, &id.to_string()),
                vec![
                    attribute("asked", Value::new_bool(*asked)),
                    attribute("sent", Value::new_bool(*sent)),
                ],
            ),
            Resource::Attachment {
                id,
                sender,
                member,
                files,
                bytes,
            } => entity(
                uid(&self.attachment, &id.to_string()),
                vec![
                    attribute("sender", self.person_value(*sender)),
                    attribute("member", Value::new_bool(*member)),
                    attribute("files", Value::new_bool(*files)),
                    attribute("bytes", long(*bytes)),
                ],
            ),
            Resource::Device {
                id,
                owner,
                state,
                own_approval,
                bulk,
            } => entity(
                uid(&self.device, &id.to_string()),
                vec![
                    attribute("owner", self.person_value(*owner)),
                    attribute("state", self.value(&self.device_state, state.as_str())),
                    attribute("own_approval", Value::new_bool(*own_approval)),
                    attribute("bulk", Value::new_bool(*bulk)),
                ],
            ),
            Resource::Session { id, owner } => {
                let id = id.map_or_else(|| "all".to_owned(), |id| id.to_string());
                let attributes = vec![attribute("owner", self.person_value(*owner))];
                entity(uid(&self.session, &id), attributes)
            }
            Resource::Factors { owner } => entity(
                uid(&self.factors, &owner.to_string()),
                vec![attribute("owner", self.person_value(*owner))],
            ),
            Resource::Invite {
                person,
                program,
                self_service,
                recovers,
            } => entity(
                uid(&self.invite, "new"),
                vec![
                    attribute("person", self.person_value(*person)),
                    attribute("program", self.value(&self.program, program.as_str())),
                    attribute("self_service", Value::new_bool(*self_service)),
                    attribute("recovers", Value::new_bool(*recovers)),
                ],
            ),
            Resource::Recovery { person, asked_by } => entity(
                uid(&self.recovery, &person.to_string()),
                vec![
                    attribute("person", self.person_value(*person)),
                    attribute("asked_by", self.person_value(*asked_by)),
                ],
            ),
            Resource::Patient {
                id,
                care_team,
                conversation,
                glass,
                explained,
                labels,
            } => {
                let mut attributes = record_of_care(*care_team, *conversation, labels);
                attributes.extend(self.glass(glass.as_ref()));
                attributes.extend(self.explained(*explained)?);
                entity(uid(&self.patient, id.as_str()), attributes)
            }
            Resource::Document {
                id,
                patient,
                care_team,
                conversation,
                glass,
                explained,
                labels,
            } => {
                let mut attributes = record_of_care(*care_team, *conversation, labels);
                attributes.extend(self.glass(glass.as_ref()));
                attributes.extend(self.explained(*explained)?);
                let patient = self.value(&self.patient, patient.as_str());
                attributes.push(attribute("patient", patient));
                entity(uid(&self.document, id), attributes)
            }
            Resource::Entry {
                kind,
                id,
                patient,
                categories,
                care_team,
                conversation,
                glass,
                explained,
                labels,
            } => {
                let mut attributes = record_of_care(*care_team, *conversation, labels);
                attributes.extend(self.glass(glass.as_ref()));
                attributes.extend(self.explained(*explained)?);
                let patient = patient.as_ref();
                let patient = patient.map(|id| self.value(&self.patient, id.as_str()));
                attributes.extend(patient.map(|patient| attribute("patient", patient)));
                let categories = categories.iter();
                let categories = categories.map(|it| Value::new_string(it.clone()));
                attributes.push(attribute("categories", Value::new_set(categories)));
                attributes.push(attribute("kind", Value::new_string(kind.clone())));
                entity(uid(&self.entry, &format!("{kind}/{id}")), attributes)
            }
            Resource::KeyPackages { device } => {
                let id = device.map_or_else(|| "people".to_owned(), |id| id.to_string());
                let device = device.map(|id| attribute("device", self.device_value(id)));
                entity(uid(&self.key_packages, &id), device.into_iter().collect())
            }
            Resource::Share { device } => entity(
                uid(&self.share, &device.to_string()),
                vec![attribute("device", self.device_value(*device))],
            ),
            Resource::Glass { id, person } => entity(
                uid(&self.glass, &id.to_string()),
                vec![attribute("person", self.person_value(*person))],
            ),
            Resource::Look { id, person } => entity(
                uid(&self.look, &id.to_string()),
                vec![attribute("person", self.person_value(*person))],
            ),
            Resource::Forward {
                to,
                from_member,
                to_member,
                outside,
                another_patient,
                ..
            } => entity(
                uid(&self.forward, &to.to_string()),
                vec![
                    attribute("from_member", Value::new_bool(*from_member)),
                    attribute("to_member", Value::new_bool(*to_member)),
                    attribute("outside", Value::new_bool(*outside)),
                    attribute("another_patient", Value::new_bool(*another_patient)),
                ],
            ),
            Resource::Policy { version, author } => entity(
                uid(&self.policy, &version.to_string()),
                vec![attribute("author", self.person_value(*author))],
            ),
            Resource::Records { custodian } => entity(
                uid(&self.records, "records"),
                vec![attribute("custodian", Value::new_bool(*custodian))],
            ),
        }
    }

    fn context(&self, question: &Question) -> Result<Attributes, Unspeakable> {
        let Circumstances {
            now_ms,
            on_premises,
            on_shift,
            on_call,
            risk,
            limits,
        } = &question.context;
        let mut context = vec![
            attribute("now_ms", long(*now_ms)),
            attribute("on_premises", Value::new_bool(*on_premises)),
            attribute("on_shift", Value::new_bool(*on_shift)),
            attribute("on_call", Value::new_bool(*on_call)),
            attribute("risk", Value::new_long((*risk).into())),
            attribute("limits", limits_value(limits)?),
        ];
        if let Some(device) = &question.device {
            context.push(attribute("device", self.device_facts(device)?));
        }
        if let Some(session) = &question.session {
            context.push(attribute("session", self.session_facts(session)?));
        }
        Ok(context)
    }

    fn device_facts(&self, device: &DeviceFacts) -> Result<Value, Unspeakable> {
        record(vec![
            attribute("id", self.device_value(device.id)),
            attribute("owner", self.person_value(device.owner)),
            attribute(
                "program",
                self.value(&self.program, device.program.as_str()),
            ),
            attribute(
                "state",
                self.value(&self.device_state, device.state.as_str()),
            ),
            attribute("endorsed", Value::new_bool(device.endorsed)),
            attribute(
                "passkey",
                self.value(&self.passkey, device.passkey.as_str()),
            ),
        ])
    }

    fn session_facts(&self, session: &SessionFacts) -> Result<Value, Unspeakable> {
        let code = session
            .code_age_ms
            .map(|age| attribute("code_age_ms", long(age)));
        let mut facts = vec![
            attribute("id", self.value(&self.session, &session.id.to_string())),
            attribute("aal", Value::new_long(session.aal.into())),
            attribute("proof_age_ms", long(session.proof_age_ms)),
            attribute("idle_ms", long(session.idle_ms)),
            attribute("age_ms", long(session.age_ms)),
            attribute(
                "network",
                self.value(&self.network, session.network.as_str()),
            ),
            attribute("place", self.value(&self.place, session.place.as_str())),
            attribute("codes", Value::new_long(session.codes.into())),
            attribute("scopes", scopes_value(&session.scopes)?),
        ];
        facts.extend(code);
        let card = session
            .card_age_ms
            .map(|age| attribute("card_age_ms", long(age)));
        facts.extend(card);
        record(facts)
    }

    /// Absent for everyone who did not break it, so that their questions cost nothing more.
    fn glass(&self, glass: Option<&Glass>) -> Option<(String, Value)> {
        glass.map(|glass| attribute("glass", self.value(&self.purpose, glass.purpose.as_str())))
    }

    /// Absent where nothing explains it.
    fn explained(&self, because: Option<Because>) -> Result<Option<(String, Value)>, Unspeakable> {
        let Some(because) = because else {
            return Ok(None);
        };
        let value = record(vec![
            attribute("reason", self.value(&self.because, because.as_str())),
            attribute("strength", Value::new_long(because.strength().into())),
        ])?;
        Ok(Some(attribute("explained", value)))
    }

    fn person_value(&self, id: UserId) -> Value {
        self.value(&self.person, &id.to_string())
    }

    fn device_value(&self, id: DeviceId) -> Value {
        self.value(&self.device, &id.to_string())
    }

    #[expect(clippy::unused_self, reason = "reads as the other makers of values do")]
    fn value(&self, of: &EntityTypeName, id: &str) -> Value {
        Value::new_entity_uid(uid(of, id))
    }
}

fn limits_value(limits: &Limits) -> Result<Value, Unspeakable> {
    record(vec![
        attribute("idle_ms", long(limits.idle_ms)),
        attribute("absolute_ms", long(limits.absolute_ms)),
        attribute("fresh_ms", long(limits.fresh_ms)),
        attribute("risk_step_up", Value::new_long(limits.risk_step_up.into())),
        attribute("risk_second", Value::new_long(limits.risk_second.into())),
        attribute("risk_deny", Value::new_long(limits.risk_deny.into())),
    ])
}

fn scopes_value(scopes: &BTreeMap<Scope, u64>) -> Result<Value, Unspeakable> {
    let ages = scopes
        .iter()
        .map(|(scope, age)| attribute(scope.as_str(), long(*age)));
    record(ages.collect())
}

/// What a patient's record and its documents have in common.
fn record_of_care(care_team: bool, conversation: bool, labels: &BTreeSet<String>) -> Attributes {
    let labels = labels.iter().map(|label| Value::new_string(label.clone()));
    vec![
        attribute("care_team", Value::new_bool(care_team)),
        attribute("conversation", Value::new_bool(conversation)),
        attribute("labels", Value::new_set(labels)),
    ]
}

fn group_kind(kind: GroupKind) -> &'static str {
    match kind {
        GroupKind::Direct => "direct",
        GroupKind::Group => "group",
        GroupKind::Role => "role",
        GroupKind::Team => "team",
        GroupKind::Code => "code",
        GroupKind::Broadcast => "broadcast",
        GroupKind::Keeper => "keeper",
    }
}

fn attribute(name: &str, value: Value) -> (String, Value) {
    (name.to_owned(), value)
}

fn record(attributes: Attributes) -> Result<Value, Unspeakable> {
    Value::new_record(attributes).map_err(|_| Unspeakable)
}

fn entity(uid: EntityUid, attributes: Attributes) -> Result<Entity, Unspeakable> {
    Entity::new_with_tags(uid, attributes, [], []).map_err(|_| Unspeakable)
}

fn uid(of: &EntityTypeName, id: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(of.clone(), EntityId::new(id))
}

/// Cedar's integers are signed; what does not fit is as long as can be, which no limit accepts.
fn long(value: u64) -> Value {
    Value::new_long(i64::try_from(value).unwrap_or(i64::MAX))
}

/// Parses a type name of the schema's namespace.
fn entity_type(name: &'static str) -> EntityTypeName {
    // Invariant: called with identifiers written in this file and in `ResourceKind` only.
    #[expect(clippy::expect_used, reason = "the name is a literal identifier")]
    format!("Wardline::{name}").parse().expect("an identifier")
}
