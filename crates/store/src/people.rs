//! People, what they may do, when they work, whom they care for.
//!
//! Staff names are no patient data and stand in the clear. Which patient a person cares for does
//! not: patients are blind tokens here, and sealed where they have to be read back.

use std::collections::HashMap;

use wardline_model::{FacilityId, GroupId, PatientId, RoleSlug, UserId};

use crate::dialect::{AdvisoryLock, placeholders};
use crate::rows::{
    Bind as _, bind_all, execute, fetch_all, fetch_one, fetch_optional, on_engine, row,
};
use crate::store::Tx;
use crate::{StoreError, text};

row! {
    /// A person.
    pub struct Person {
        /// The person.
        pub user_id: UserId,
        /// Sign-in name.
        pub username: String,
        /// Name as shown.
        pub name: String,
        /// Role as shown, for example `Charge nurse`.
        pub role_title: String,
        /// Department as shown.
        pub department: String,
        /// Where they work.
        pub facility_id: FacilityId,
        /// The facility's name.
        pub facility: String,
        /// Whether they may use the system at all.
        pub active: bool,
        /// Whether training and approval are complete.
        pub onboarded: bool,
    }
}

row! {
    struct OfCareTeam {
        group_id: GroupId,
    }
}

/// Who comes to a patient's care team, and who leaves it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CareTeamChange {
    /// Whose team it is.
    pub patient: PatientId,
    /// Who comes.
    pub added: Vec<UserId>,
    /// Who leaves.
    pub removed: Vec<UserId>,
}

/// A person to be written.
#[derive(Debug, Clone)]
pub struct NewPerson {
    /// The person.
    pub user_id: UserId,
    /// Sign-in name, unique without regard to case.
    pub username: String,
    /// Name as shown.
    pub name: String,
    /// Role as shown.
    pub role_title: String,
    /// Department as shown.
    pub department: String,
    /// Where they work; must exist.
    pub facility_id: FacilityId,
    /// Whether they may use the system at all.
    pub active: bool,
    /// Whether training and approval are complete.
    pub onboarded: bool,
    /// Role slugs, such as `clinician` or `security-officer`; they replace those there were.
    pub roles: Vec<String>,
}

row! {
    /// A person found by a search.
    pub struct PersonFound {
        /// The person.
        pub user_id: UserId,
        /// Sign-in name.
        pub username: String,
        /// Name as shown.
        pub name: String,
        /// Role as shown.
        pub role_title: String,
        /// Department as shown.
        pub department: String,
        /// The facility's name.
        pub facility: String,
        /// Whether the roster has them at work now.
        pub on_shift: bool,
        /// Whether an active device of theirs could receive a message.
        pub reachable: bool,
        /// Whether they have the role `record_keeper`.
        pub keeps_records: bool,
        /// Whether it is a program's account.
        pub is_bot: bool,
    }
}

row! {
    /// A role that people take in turns, and who holds it now.
    pub struct OnCall {
        /// Its slug.
        pub slug: RoleSlug,
        /// As shown.
        pub title: String,
        /// Its department.
        pub department: String,
        /// Who holds it; absent when the roster has a gap.
        pub holder: Option<UserId>,
        /// When the hold ends, unix milliseconds.
        pub until_ms: Option<u64>,
    }
}

row! {
    struct UserRole {
        user_id: UserId,
        role: String,
    }
}

row! {
    struct RoleList {
        user_id: UserId,
        roles: String,
    }
}

impl Tx {
    /// Adds a facility, or renames it.
    pub async fn put_facility(&mut self, id: FacilityId, name: &str) -> Result<(), StoreError> {
        execute!(
            self,
            "INSERT INTO facilities (facility_id, name) VALUES ($1, $2)
             ON CONFLICT (facility_id) DO UPDATE SET name = excluded.name",
            id,
            name
        )?;
        Ok(())
    }

    /// Adds a person with their roles, or changes one.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the sign-in name is another person's or the facility unknown.
    pub async fn put_person(&mut self, person: &NewPerson, now_ms: u64) -> Result<(), StoreError> {
        execute!(
            self,
            "INSERT INTO users (user_id, username, username_folded, name, name_folded, role_title,
                 department, facility_id, active, onboarded, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
             ON CONFLICT (user_id) DO UPDATE SET username = excluded.username,
                 username_folded = excluded.username_folded, name = excluded.name,
                 name_folded = excluded.name_folded, role_title = excluded.role_title,
                 department = excluded.department, facility_id = excluded.facility_id,
                 active = excluded.active, onboarded = excluded.onboarded",
            person.user_id,
            person.username,
            text::fold(&person.username),
            person.name,
            text::fold(&person.name),
            person.role_title,
            person.department,
            person.facility_id,
            person.active,
            person.onboarded,
            now_ms
        )?;
        execute!(
            self,
            "DELETE FROM user_roles WHERE user_id = $1",
            person.user_id
        )?;
        for role in &person.roles {
            execute!(
                self,
                "INSERT INTO user_roles (user_id, role) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                person.user_id,
                role
            )?;
        }
        Ok(())
    }

    /// Looks a person up.
    pub async fn person(&mut self, id: UserId) -> Result<Option<Person>, StoreError> {
        fetch_optional!(
            self,
            Person,
            "SELECT u.user_id, u.username, u.name, u.role_title, u.department, u.facility_id,
                 f.name AS facility, u.active, u.onboarded
             FROM users u JOIN facilities f ON f.facility_id = u.facility_id
             WHERE u.user_id = $1",
            id
        )
    }

    /// Looks a person up by sign-in name, without regard to case.
    pub async fn person_by_username(&mut self, name: &str) -> Result<Option<Person>, StoreError> {
        fetch_optional!(
            self,
            Person,
            "SELECT u.user_id, u.username, u.name, u.role_title, u.department, u.facility_id,
                 f.name AS facility, u.active, u.onboarded
             FROM users u JOIN facilities f ON f.facility_id = u.facility_id
             WHERE u.username_folded = $1",
            text::fold(name)
        )
    }

    /// Looks several people up at once; unknown ones are left out, the order is by name.
    pub async fn people(&mut self, ids: &[UserId]) -> Result<Vec<Person>, StoreError> {
        let mut people = Vec::with_capacity(ids.len());
        for ids in ids.chunks(MAX_IN) {
            let sql = format!(
                "SELECT u.user_id, u.username, u.name, u.role_title, u.department, u.facility_id,
                     f.name AS facility, u.active, u.onboarded
                 FROM users u JOIN facilities f ON f.facility_id = u.facility_id
                 WHERE u.user_id IN ({})",
                placeholders(1, ids.len())
            );
            let found: Vec<Person> = on_engine!(self, |Db, conn| {
                let query = sqlx::query_as::<Db, Person>(sqlx::AssertSqlSafe(sql));
                bind_all!(query, ids, |q, id| q.bind(id.raw()))
                    .fetch_all(conn)
                    .await
            })?;
            people.extend(found);
        }
        people.sort_by(|a, b| (&a.name, a.user_id).cmp(&(&b.name, b.user_id)));
        Ok(people)
    }

    /// Everyone, each with their role slugs joined by commas, by name.
    pub async fn everyone(&mut self) -> Result<Vec<(Person, String)>, StoreError> {
        let people: Vec<Person> = fetch_all!(
            self,
            Person,
            "SELECT u.user_id, u.username, u.name, u.role_title, u.department, u.facility_id,
                 f.name AS facility, u.active, u.onboarded
             FROM users u JOIN facilities f ON f.facility_id = u.facility_id
             ORDER BY u.name, u.user_id"
        )?;
        let lists: Vec<RoleList> = fetch_all!(
            self,
            RoleList,
            "SELECT user_id, STRING_AGG(role, ',') AS roles FROM user_roles GROUP BY user_id"
        )?;
        let mut lists: HashMap<UserId, String> = lists
            .into_iter()
            .map(|list| (list.user_id, list.roles))
            .collect();
        Ok(people
            .into_iter()
            .map(|person| {
                let roles = lists.remove(&person.user_id).unwrap_or_default();
                (person, roles)
            })
            .collect())
    }

    /// The person's role slugs, in order.
    pub async fn roles_of(&mut self, id: UserId) -> Result<Vec<String>, StoreError> {
        let rows: Vec<(String,)> = fetch_all!(
            self,
            (String,),
            "SELECT role FROM user_roles WHERE user_id = $1 ORDER BY role",
            id
        )?;
        Ok(rows.into_iter().map(|(role,)| role).collect())
    }

    /// Everyone active who has this role slug.
    pub async fn people_with_role(&mut self, role: &str) -> Result<Vec<UserId>, StoreError> {
        let rows: Vec<UserRole> = fetch_all!(
            self,
            UserRole,
            "SELECT r.user_id, r.role FROM user_roles r JOIN users u ON u.user_id = r.user_id
             WHERE r.role = $1 AND u.active = 1 ORDER BY r.user_id",
            role
        )?;
        Ok(rows.into_iter().map(|row| row.user_id).collect())
    }

    /// Finds active people of whom the sign-in name, or a word of the name, begins with what was
    /// typed; all of them, by name, when nothing was.
    pub async fn search_people(
        &mut self,
        typed: &str,
        now_ms: u64,
        limit: u32,
    ) -> Result<Vec<PersonFound>, StoreError> {
        let begins = text::like_prefix(&text::fold(typed.trim()));
        fetch_all!(
            self,
            PersonFound,
            r"SELECT u.user_id, u.username, u.name, u.role_title, u.department,
                 f.name AS facility,
                 CAST(CASE WHEN EXISTS (SELECT 1 FROM shifts s WHERE s.user_id = u.user_id
                     AND s.from_ms <= $3 AND s.until_ms > $3) THEN 1 ELSE 0 END AS BIGINT)
                     AS on_shift,
                 CAST(CASE WHEN EXISTS (SELECT 1 FROM devices d
                     JOIN key_packages k ON k.device_id = d.device_id
                     WHERE d.user_id = u.user_id AND d.state IN ('active', 'grace'))
                     THEN 1 ELSE 0 END AS BIGINT) AS reachable,
                 CAST(CASE WHEN EXISTS (SELECT 1 FROM user_roles r WHERE r.user_id = u.user_id
                     AND r.role = 'record_keeper') THEN 1 ELSE 0 END AS BIGINT) AS keeps_records,
                 CAST(CASE WHEN EXISTS (SELECT 1 FROM bots b WHERE b.user_id = u.user_id)
                     THEN 1 ELSE 0 END AS BIGINT) AS is_bot
             FROM users u JOIN facilities f ON f.facility_id = u.facility_id
             WHERE u.active = 1 AND (u.username_folded LIKE $1 ESCAPE '\'
                 OR u.name_folded LIKE $1 ESCAPE '\' OR u.name_folded LIKE $2 ESCAPE '\')
             ORDER BY u.name, u.user_id LIMIT $4",
            begins,
            format!("% {begins}"),
            now_ms,
            limit
        )
    }

    /// Empties the roster, shifts and turns, before a new one is entered whole.
    pub async fn clear_roster(&mut self) -> Result<(), StoreError> {
        execute!(self, "DELETE FROM shifts")?;
        execute!(self, "DELETE FROM oncall_turns")?;
        Ok(())
    }

    /// Enters a shift into the roster; one that begins at the same time is replaced.
    pub async fn put_shift(
        &mut self,
        user: UserId,
        from_ms: u64,
        until_ms: u64,
    ) -> Result<(), StoreError> {
        execute!(
            self,
            "INSERT INTO shifts (user_id, from_ms, until_ms) VALUES ($1, $2, $3)
             ON CONFLICT (user_id, from_ms) DO UPDATE SET until_ms = excluded.until_ms",
            user,
            from_ms,
            until_ms
        )?;
        Ok(())
    }

    /// Whether the roster has the person at work now.
    pub async fn on_shift(&mut self, user: UserId, now_ms: u64) -> Result<bool, StoreError> {
        let shift: Option<(i64,)> = fetch_optional!(
            self,
            (i64,),
            "SELECT until_ms FROM shifts WHERE user_id = $1 AND from_ms <= $2 AND until_ms > $2
             LIMIT 1",
            user,
            now_ms
        )?;
        Ok(shift.is_some())
    }

    /// Adds an on-call role, or renames it.
    pub async fn put_oncall_role(
        &mut self,
        slug: &RoleSlug,
        title: &str,
        department: &str,
    ) -> Result<(), StoreError> {
        execute!(
            self,
            "INSERT INTO oncall_roles (slug, title, department) VALUES ($1, $2, $3)
             ON CONFLICT (slug) DO UPDATE SET title = excluded.title,
                 department = excluded.department",
            slug,
            title,
            department
        )?;
        Ok(())
    }

    /// Enters a turn of an on-call role; one that begins at the same time is replaced.
    pub async fn put_oncall_turn(
        &mut self,
        slug: &RoleSlug,
        user: UserId,
        from_ms: u64,
        until_ms: u64,
    ) -> Result<(), StoreError> {
        execute!(
            self,
            "INSERT INTO oncall_turns (slug, from_ms, until_ms, user_id) VALUES ($1, $2, $3, $4)
             ON CONFLICT (slug, from_ms) DO UPDATE SET until_ms = excluded.until_ms,
                 user_id = excluded.user_id",
            slug,
            from_ms,
            until_ms,
            user
        )?;
        Ok(())
    }

    /// Every on-call role and who holds it now, by title. Where turns overlap, the one that began
    /// last holds.
    pub async fn oncall(&mut self, now_ms: u64) -> Result<Vec<OnCall>, StoreError> {
        fetch_all!(
            self,
            OnCall,
            "SELECT r.slug, r.title, r.department, t.user_id AS holder, t.until_ms
             FROM oncall_roles r LEFT JOIN oncall_turns t ON t.slug = r.slug
                 AND t.from_ms = (SELECT MAX(n.from_ms) FROM oncall_turns n
                     WHERE n.slug = r.slug AND n.from_ms <= $1 AND n.until_ms > $1)
             ORDER BY r.title, r.slug",
            now_ms
        )
    }

    /// One on-call role and who holds it now.
    pub async fn oncall_role(
        &mut self,
        slug: &RoleSlug,
        now_ms: u64,
    ) -> Result<Option<OnCall>, StoreError> {
        fetch_optional!(
            self,
            OnCall,
            "SELECT r.slug, r.title, r.department, t.user_id AS holder, t.until_ms
             FROM oncall_roles r LEFT JOIN oncall_turns t ON t.slug = r.slug
                 AND t.from_ms = (SELECT MAX(n.from_ms) FROM oncall_turns n
                     WHERE n.slug = r.slug AND n.from_ms <= $1 AND n.until_ms > $1)
             WHERE r.slug = $2",
            now_ms,
            slug
        )
    }

    /// Puts a person into a patient's care team; nothing happens when they are in it. That it changed is
    /// marked.
    pub async fn put_care_team(
        &mut self,
        patient: &PatientId,
        user: UserId,
    ) -> Result<(), StoreError> {
        if self.join_care_team(patient, user, None).await? {
            self.lock_care_teams().await?;
            self.mark_care_team(patient).await?;
        }
        Ok(())
    }

    /// Makes changes of care teams wait for each other until this transaction ends; on SQLite they always
    /// do.
    pub async fn lock_care_teams(&mut self) -> Result<(), StoreError> {
        self.lock_whole(AdvisoryLock::CareTeams).await
    }

    /// Changes a patient's care team, and marks that it changed; for whoever leaves, it is known for some
    /// weeks that they were on it. Whoever changes teams holds [`Tx::lock_care_teams`] from before they read
    /// what the change is made from.
    pub async fn change_care_team(
        &mut self,
        change: &CareTeamChange,
        now_ms: u64,
    ) -> Result<(), StoreError> {
        let CareTeamChange {
            patient,
            added,
            removed,
        } = change;
        let token = self.patient_token(patient);
        for user in removed {
            self.end_care(token, *user, now_ms).await?;
            execute!(
                self,
                "DELETE FROM care_team WHERE patient_token = $1 AND user_id = $2",
                token,
                user
            )?;
        }
        for user in added {
            self.join_care_team(patient, *user, Some(now_ms)).await?;
        }
        self.mark_care_team(patient).await
    }

    /// Whether the person was not on the team before.
    async fn join_care_team(
        &mut self,
        patient: &PatientId,
        user: UserId,
        since_ms: Option<u64>,
    ) -> Result<bool, StoreError> {
        let token = self.patient_token(patient);
        let sealed = self.seal(
            "care_team.patient",
            token.as_bytes(),
            patient.as_str().as_bytes(),
        )?;
        let added = execute!(
            self,
            "INSERT INTO care_team (patient_token, user_id, patient_sealed, since)
             VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
            token,
            user,
            sealed,
            since_ms
        )?;
        Ok(added == 1)
    }

    /// Gives a patient's care team the newest version.
    async fn mark_care_team(&mut self, patient: &PatientId) -> Result<(), StoreError> {
        let token = self.patient_token(patient);
        execute!(
            self,
            "INSERT INTO care_team_marks (patient_token, version)
             SELECT $1, COALESCE(MAX(version), 0) + 1 FROM care_team_marks WHERE 1 = 1
             ON CONFLICT (patient_token) DO UPDATE SET version = excluded.version",
            token
        )?;
        Ok(())
    }

    /// How often care teams changed.
    pub async fn care_teams_version(&mut self) -> Result<u64, StoreError> {
        let (version,) = fetch_one!(
            self,
            (i64,),
            "SELECT COALESCE(MAX(version), 0) AS version FROM care_team_marks"
        )?;
        Ok(version.unsigned_abs())
    }

    /// The conversations of care teams that changed after a version.
    pub async fn care_team_groups_after(
        &mut self,
        version: u64,
    ) -> Result<Vec<GroupId>, StoreError> {
        let rows: Vec<OfCareTeam> = fetch_all!(
            self,
            OfCareTeam,
            "SELECT g.group_id FROM care_team_marks m JOIN groups g ON g.patient_token = m.patient_token
             WHERE m.version > $1 AND g.kind = 'team' ORDER BY g.group_id",
            version
        )?;
        Ok(rows.into_iter().map(|row| row.group_id).collect())
    }

    /// Who cares for a patient.
    pub async fn care_team(&mut self, patient: &PatientId) -> Result<Vec<UserId>, StoreError> {
        let patient = self.patient_token(patient);
        let rows: Vec<(Vec<u8>,)> = fetch_all!(
            self,
            (Vec<u8>,),
            "SELECT user_id FROM care_team WHERE patient_token = $1 ORDER BY user_id",
            patient
        )?;
        rows.iter()
            .map(|(id,)| UserId::from_slice(id).ok_or(StoreError::Corrupt("care_team.user_id")))
            .collect()
    }

    /// Whether a person is in a patient's care team.
    pub async fn cares_for(
        &mut self,
        user: UserId,
        patient: &PatientId,
    ) -> Result<bool, StoreError> {
        let patient = self.patient_token(patient);
        let row: Option<(Vec<u8>,)> = fetch_optional!(
            self,
            (Vec<u8>,),
            "SELECT user_id FROM care_team WHERE patient_token = $1 AND user_id = $2",
            patient,
            user
        )?;
        Ok(row.is_some())
    }

    /// The patients a person cares for.
    pub async fn patients_of(&mut self, user: UserId) -> Result<Vec<PatientId>, StoreError> {
        let rows: Vec<(Vec<u8>, Vec<u8>)> = fetch_all!(
            self,
            (Vec<u8>, Vec<u8>),
            "SELECT patient_token, patient_sealed FROM care_team WHERE user_id = $1
             ORDER BY patient_token",
            user
        )?;
        rows.iter()
            .map(|(token, sealed)| {
                text::patient_id(&self.open("care_team.patient", token, sealed)?)
            })
            .collect()
    }
}

/// The most ids of one statement; the rest goes into the next.
pub(crate) const MAX_IN: usize = 256;
