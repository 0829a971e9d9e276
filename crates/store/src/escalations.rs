//! STAT messages that wait for an answer.
//!
//! A row begins in the transaction that takes the message, so that no crash loses it. What a page is
//! stands in its JSON, which the store does not look into; writing it is guarded by its revision, so of
//! two nodes that step one page one wins and the other changes nothing.

use wardline_model::{EscalationId, GroupId, RoleSlug, TeamId, UserId};

use crate::StoreError;
use crate::append::Append;
use crate::dialect::placeholders;
use crate::people::MAX_IN;
use crate::rows::{
    Bind as _, bind_all, execute, fetch_all, fetch_one, fetch_optional, on_engine, row,
};
use crate::store::Tx;

row! {
    /// A page as it is stored.
    pub struct StoredEscalation {
        /// The conversation.
        pub group_id: GroupId,
        /// The message's place in its log.
        pub seq: u64,
        /// Which of the message's pages.
        pub line: u32,
        /// The on-call role that it is for; absent where it is for people.
        pub role: Option<RoleSlug>,
        /// Who sent it.
        pub sender: UserId,
        /// When, unix milliseconds.
        pub started_at: u64,
        /// What a write is guarded by; 0 until the page was begun.
        pub revision: u64,
        /// The page, JSON; absent until it was begun.
        pub state: Option<String>,
        /// When it was over, unix milliseconds.
        pub ended_at: Option<u64>,
        /// When it was given up because nobody could read it, unix milliseconds.
        pub lost_at: Option<u64>,
    }
}

impl StoredEscalation {
    /// Which one it is.
    pub const fn id(&self) -> EscalationId {
        EscalationId {
            group: self.group_id,
            seq: self.seq,
            line: self.line,
        }
    }
}

row! {
    /// How far a page has come.
    pub struct EscalationMark {
        /// The conversation.
        pub group_id: GroupId,
        /// The message's place in its log.
        pub seq: u64,
        /// Which of the message's pages.
        pub line: u32,
        /// Grows with every change.
        pub revision: u64,
        /// When it was over, unix milliseconds.
        pub ended_at: Option<u64>,
    }
}

impl EscalationMark {
    /// Which one it is.
    pub const fn id(&self) -> EscalationId {
        EscalationId {
            group: self.group_id,
            seq: self.seq,
            line: self.line,
        }
    }
}

row! {
    struct Concerned {
        user_id: UserId,
    }
}

macro_rules! select_escalations {
    ($rest:literal) => {
        concat!(
            "SELECT e.group_id, e.seq, e.line, e.role, e.sender, e.started_at, e.revision, e.state,
                 e.ended_at, e.lost_at
             FROM escalations e ",
            $rest
        )
    };
}

impl Tx {
    /// Begins the pages of a STAT message that is taken in this transaction: one, or, in a code team's
    /// conversation, one for each of its roles and one for the people whom it names. A role that the
    /// sender holds needs nobody else.
    pub(crate) async fn begin_escalation(
        &mut self,
        append: &Append,
        seq: u64,
    ) -> Result<(), StoreError> {
        let mut lines: Vec<Option<RoleSlug>> = Vec::new();
        if let Some(called) = self.team_called(append).await? {
            lines.extend(called.roles.into_iter().map(Some));
            if called.people || lines.is_empty() {
                lines.push(None);
            }
        } else {
            lines.push(self.role_written_to(append).await?);
        }
        for (line, role) in (0_u32..).zip(lines) {
            execute!(
                self,
                "INSERT INTO escalations (group_id, seq, line, role, sender, started_at, revision,
                     seen_at, next_wake_at)
                 VALUES ($1, $2, $3, $4, $5, $6, 0, $6, $6)",
                append.group,
                seq,
                line,
                role,
                append.sender_user,
                append.now_ms
            )?;
        }
        Ok(())
    }

    /// The role of a role's conversation.
    async fn role_written_to(&mut self, append: &Append) -> Result<Option<RoleSlug>, StoreError> {
        let found: Option<Slug> = fetch_optional!(
            self,
            Slug,
            "SELECT r.slug FROM groups g JOIN oncall_roles r ON r.slug = g.role
             WHERE g.group_id = $1 AND g.kind = 'role'",
            append.group
        )?;
        Ok(found.map(|row| row.slug))
    }

    /// Whom a code team's conversation calls; nothing of any other.
    async fn team_called(&mut self, append: &Append) -> Result<Option<Called>, StoreError> {
        let found: Option<TeamOf> = fetch_optional!(
            self,
            TeamOf,
            "SELECT t.team_id FROM groups g JOIN teams t ON t.team_id = g.team_id
             WHERE g.group_id = $1 AND t.kind = 'code'",
            append.group
        )?;
        let Some(TeamOf { team_id }) = found else {
            return Ok(None);
        };
        let holders = self.oncall(append.now_ms).await?;
        let holder = |slug: &RoleSlug| {
            let role = holders.iter().find(|role| role.slug == *slug);
            role.and_then(|role| role.holder)
        };
        let roles: Vec<RoleSlug> = self
            .team_roles()
            .await?
            .into_iter()
            .filter(|role| role.team_id == team_id)
            .map(|role| role.slug)
            .collect();
        // Who is named and holds a role of it is asked for that.
        let named = self.team_people().await?.into_iter();
        let people = named
            .filter(|person| person.team_id == team_id && person.user_id != append.sender_user)
            .any(|person| {
                !roles
                    .iter()
                    .any(|slug| holder(slug) == Some(person.user_id))
            });
        let roles = roles
            .into_iter()
            .filter(|slug| holder(slug) != Some(append.sender_user))
            .collect();
        Ok(Some(Called { roles, people }))
    }

    /// Pages to look at now, the most urgent first: their time has come, or the clock by which they
    /// were written is further ahead than `skew_ms`.
    pub async fn escalations_due(
        &mut self,
        now_ms: u64,
        skew_ms: u64,
        limit: u32,
    ) -> Result<Vec<StoredEscalation>, StoreError> {
        fetch_all!(
            self,
            StoredEscalation,
            select_escalations!(
                "WHERE e.next_wake_at IS NOT NULL AND (e.next_wake_at <= $1 OR e.seen_at > $2)
                 ORDER BY e.next_wake_at LIMIT $3"
            ),
            now_ms,
            now_ms.saturating_add(skew_ms),
            limit
        )
    }

    /// When the next page is to be looked at, unix milliseconds; `None` while nobody waits.
    pub async fn next_escalation_at(&mut self) -> Result<Option<u64>, StoreError> {
        let (next,): (Option<i64>,) = fetch_one!(
            self,
            (Option<i64>,),
            "SELECT MIN(next_wake_at) AS next FROM escalations WHERE next_wake_at IS NOT NULL"
        )?;
        Ok(next.map(i64::unsigned_abs))
    }

    /// Looks a page up.
    pub async fn escalation(
        &mut self,
        id: EscalationId,
    ) -> Result<Option<StoredEscalation>, StoreError> {
        fetch_optional!(
            self,
            StoredEscalation,
            select_escalations!("WHERE e.group_id = $1 AND e.seq = $2 AND e.line = $3"),
            id.group,
            id.seq,
            id.line
        )
    }

    /// All pages of a message, in their order.
    pub async fn escalations_of_message(
        &mut self,
        group: GroupId,
        seq: u64,
    ) -> Result<Vec<StoredEscalation>, StoreError> {
        fetch_all!(
            self,
            StoredEscalation,
            select_escalations!("WHERE e.group_id = $1 AND e.seq = $2 ORDER BY e.line"),
            group,
            seq
        )
    }

    /// The pages of a conversation that wait for an answer, up to a place of its log.
    pub async fn open_escalations_of(
        &mut self,
        group: GroupId,
        up_to: u64,
    ) -> Result<Vec<StoredEscalation>, StoreError> {
        fetch_all!(
            self,
            StoredEscalation,
            select_escalations!(
                "WHERE e.group_id = $1 AND e.seq <= $2 AND e.next_wake_at IS NOT NULL
                 ORDER BY e.seq, e.line"
            ),
            group,
            up_to
        )
    }

    /// The pages that concern a person, the newest first.
    pub async fn escalations_of(
        &mut self,
        user: UserId,
        limit: u32,
    ) -> Result<Vec<StoredEscalation>, StoreError> {
        fetch_all!(
            self,
            StoredEscalation,
            select_escalations!(
                "JOIN escalation_people p ON p.group_id = e.group_id AND p.seq = e.seq
                     AND p.line = e.line
                 WHERE p.user_id = $1 ORDER BY e.started_at DESC, e.group_id, e.seq DESC, e.line
                 LIMIT $2"
            ),
            user,
            limit
        )
    }

    /// The pages that concern a person and wait for an answer.
    pub async fn open_escalations_with(
        &mut self,
        user: UserId,
    ) -> Result<Vec<StoredEscalation>, StoreError> {
        fetch_all!(
            self,
            StoredEscalation,
            select_escalations!(
                "JOIN escalation_people p ON p.group_id = e.group_id AND p.seq = e.seq
                     AND p.line = e.line
                 WHERE p.user_id = $1 AND e.next_wake_at IS NOT NULL
                 ORDER BY e.group_id, e.seq, e.line"
            ),
            user
        )
    }

    /// How far every page has come that waits for an answer, or that was over at some time (unix
    /// milliseconds) or later.
    pub async fn escalation_marks(
        &mut self,
        ended_since: u64,
    ) -> Result<Vec<EscalationMark>, StoreError> {
        fetch_all!(
            self,
            EscalationMark,
            "SELECT group_id, seq, line, revision, ended_at FROM escalations
             WHERE next_wake_at IS NOT NULL OR ended_at >= $1 ORDER BY group_id, seq, line",
            ended_since
        )
    }

    /// Whom a page concerns.
    pub async fn people_of_escalation(
        &mut self,
        id: EscalationId,
    ) -> Result<Vec<UserId>, StoreError> {
        let rows: Vec<Concerned> = fetch_all!(
            self,
            Concerned,
            "SELECT user_id FROM escalation_people WHERE group_id = $1 AND seq = $2 AND line = $3
             ORDER BY user_id",
            id.group,
            id.seq,
            id.line
        )?;
        Ok(rows.into_iter().map(|row| row.user_id).collect())
    }

    /// Writes what became of a page that was read at revision `before`. `wake` is the clock by which
    /// it says when to look again, and when that is; `None` once it is over. False, and nothing is
    /// changed, where somebody else wrote it meanwhile.
    pub async fn put_escalation(
        &mut self,
        id: EscalationId,
        before: u64,
        revision: u64,
        state: &str,
        wake: Option<(u64, u64)>,
        now_ms: u64,
    ) -> Result<bool, StoreError> {
        let (seen, next) = wake.unzip();
        let written = execute!(
            self,
            "UPDATE escalations SET revision = $5, state = $6, seen_at = $7, next_wake_at = $8,
                 ended_at = $9
             WHERE group_id = $1 AND seq = $2 AND line = $3 AND revision = $4
                 AND ended_at IS NULL",
            id.group,
            id.seq,
            id.line,
            before,
            revision,
            state,
            seen.unwrap_or(now_ms),
            next,
            next.is_none().then_some(now_ms)
        )?;
        Ok(written == 1)
    }

    /// Ends a page of this revision that nobody can read; what is stored of it stays. False, and nothing is
    /// changed, where somebody else wrote it meanwhile.
    pub async fn close_escalation(
        &mut self,
        id: EscalationId,
        revision: u64,
        now_ms: u64,
    ) -> Result<bool, StoreError> {
        let closed = execute!(
            self,
            "UPDATE escalations SET revision = revision + 1, seen_at = $5, next_wake_at = NULL,
                 ended_at = $5, lost_at = $5
             WHERE group_id = $1 AND seq = $2 AND line = $3 AND revision = $4
                 AND ended_at IS NULL",
            id.group,
            id.seq,
            id.line,
            revision,
            now_ms
        )?;
        Ok(closed == 1)
    }

    /// Puts off when a page of this revision is looked at; nothing happens where it has moved.
    pub async fn put_off_escalation(
        &mut self,
        id: EscalationId,
        revision: u64,
        next_ms: u64,
    ) -> Result<(), StoreError> {
        execute!(
            self,
            "UPDATE escalations SET next_wake_at = $5
             WHERE group_id = $1 AND seq = $2 AND line = $3 AND revision = $4
                 AND ended_at IS NULL",
            id.group,
            id.seq,
            id.line,
            revision,
            next_ms
        )?;
        Ok(())
    }

    /// Enters an alert.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when it went out before.
    pub async fn put_escalation_alert(
        &mut self,
        id: EscalationId,
        user: UserId,
        attempt: u32,
        at_ms: u64,
    ) -> Result<(), StoreError> {
        execute!(
            self,
            "INSERT INTO escalation_alerts (group_id, seq, line, user_id, attempt, at)
             VALUES ($1, $2, $3, $4, $5, $6)",
            id.group,
            id.seq,
            id.line,
            user,
            attempt,
            at_ms
        )?;
        Ok(())
    }

    /// Enters that a page concerns a person; nothing happens where it is known.
    pub async fn put_escalation_person(
        &mut self,
        id: EscalationId,
        user: UserId,
    ) -> Result<(), StoreError> {
        execute!(
            self,
            "INSERT INTO escalation_people (user_id, group_id, seq, line) VALUES ($1, $2, $3, $4)
             ON CONFLICT DO NOTHING",
            user,
            id.group,
            id.seq,
            id.line
        )?;
        Ok(())
    }

    /// A member acknowledges one STAT message, in the version that stands at a place; the newest version
    /// is kept. False where it was acknowledged so before, where there is no such STAT message (any more), or where the person
    /// is none of the conversation.
    pub async fn acknowledge_stat(
        &mut self,
        id: EscalationId,
        user: UserId,
        version: u64,
        at_ms: u64,
    ) -> Result<bool, StoreError> {
        let added = execute!(
            self,
            "INSERT INTO stat_acknowledgements (group_id, seq, user_id, version, at)
             SELECT e.group_id, e.seq, $3, CASE WHEN $4 < g.last_seq THEN $4 ELSE g.last_seq END, $5
             FROM escalations e JOIN groups g ON g.group_id = e.group_id
             WHERE e.group_id = $1 AND e.seq = $2 AND e.line = (SELECT MIN(f.line) FROM escalations f
                     WHERE f.group_id = $1 AND f.seq = $2)
                 AND EXISTS (SELECT 1 FROM group_devices m
                     WHERE m.group_id = $1 AND m.user_id = $3)
             ON CONFLICT (group_id, seq, user_id) DO UPDATE
                 SET version = excluded.version, at = excluded.at
                 WHERE excluded.version > stat_acknowledgements.version",
            id.group,
            id.seq,
            user,
            version,
            at_ms
        )?;
        Ok(added == 1)
    }

    /// How many alerts went out for a page.
    pub async fn count_escalation_alerts(&mut self, id: EscalationId) -> Result<u64, StoreError> {
        let (count,): (i64,) = fetch_one!(
            self,
            (i64,),
            "SELECT COUNT(*) AS n FROM escalation_alerts
             WHERE group_id = $1 AND seq = $2 AND line = $3",
            id.group,
            id.seq,
            id.line
        )?;
        Ok(count.unsigned_abs())
    }

    /// Forgets pages that were over before a time; gives how many.
    pub async fn forget_escalations(&mut self, before_ms: u64) -> Result<u64, StoreError> {
        for sql in [
            "DELETE FROM escalation_alerts WHERE EXISTS (SELECT 1 FROM escalations e
                 WHERE e.group_id = escalation_alerts.group_id AND e.seq = escalation_alerts.seq
                     AND e.line = escalation_alerts.line AND e.ended_at < $1)",
            "DELETE FROM escalation_people WHERE EXISTS (SELECT 1 FROM escalations e
                 WHERE e.group_id = escalation_people.group_id AND e.seq = escalation_people.seq
                     AND e.line = escalation_people.line AND e.ended_at < $1)",
        ] {
            execute!(self, sql, before_ms)?;
        }
        let forgotten = execute!(
            self,
            "DELETE FROM escalations WHERE ended_at < $1",
            before_ms
        )?;
        execute!(
            self,
            "DELETE FROM stat_acknowledgements WHERE at < $1 AND NOT EXISTS (
                 SELECT 1 FROM escalations e WHERE e.group_id = stat_acknowledgements.group_id
                     AND e.seq = stat_acknowledgements.seq)",
            before_ms
        )?;
        Ok(forgotten)
    }

    /// Those of these people who have a device in use, and so can be alerted at all.
    pub async fn people_with_devices(
        &mut self,
        users: &[UserId],
    ) -> Result<Vec<UserId>, StoreError> {
        let mut found = Vec::with_capacity(users.len());
        for ids in users.chunks(MAX_IN) {
            let sql = format!(
                "SELECT DISTINCT user_id FROM devices
                 WHERE state IN ('active', 'grace') AND user_id IN ({})",
                placeholders(1, ids.len())
            );
            let rows: Vec<Concerned> = on_engine!(self, |Db, conn| {
                let query = sqlx::query_as::<Db, Concerned>(sqlx::AssertSqlSafe(sql));
                bind_all!(query, ids, |q, id| q.bind(id.raw()))
                    .fetch_all(conn)
                    .await
            })?;
            found.extend(rows.into_iter().map(|row| row.user_id));
        }
        Ok(found)
    }

    /// Everyone active who has this role slug and is at work by the roster, with their department.
    pub async fn people_on_shift(
        &mut self,
        role: &str,
        now_ms: u64,
    ) -> Result<Vec<(UserId, String)>, StoreError> {
        let rows: Vec<OnShift> = fetch_all!(
            self,
            OnShift,
            "SELECT u.user_id, u.department FROM user_roles r JOIN users u ON u.user_id = r.user_id
             WHERE r.role = $1 AND u.active = 1 AND EXISTS (SELECT 1 FROM shifts s
                 WHERE s.user_id = u.user_id AND s.from_ms <= $2 AND s.until_ms > $2)
             ORDER BY u.user_id",
            role,
            now_ms
        )?;
        Ok(rows
            .into_iter()
            .map(|row| (row.user_id, row.department))
            .collect())
    }
}

/// Whom a code team's STAT message is for.
struct Called {
    /// Those of its roles that somebody other than the sender is needed for.
    roles: Vec<RoleSlug>,
    /// Whether it names people who hold none of its roles.
    people: bool,
}

row! {
    struct TeamOf {
        team_id: TeamId,
    }
}

row! {
    struct Slug {
        slug: RoleSlug,
    }
}

row! {
    struct OnShift {
        user_id: UserId,
        department: String,
    }
}
