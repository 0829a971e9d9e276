//! Code teams and broadcast lists, and who is in them.

use wardline_model::wire::teams::TeamKind;
use wardline_model::{GroupId, RoleSlug, TeamId, UserId};

use crate::dialect::placeholders;
use crate::people::MAX_IN;
use crate::rows::{Bind as _, bind_all, execute, fetch_all, fetch_optional, on_engine, row};
use crate::store::Tx;
use crate::{StoreError, text};

row! {
    /// A code team or a broadcast list.
    pub struct Team {
        /// Which.
        pub team_id: TeamId,
        /// What it is for.
        pub kind: TeamKind,
        /// As shown.
        pub title: String,
    }
}

row! {
    /// A person in a team.
    pub struct TeamPerson {
        /// The team.
        pub team_id: TeamId,
        /// The person.
        pub user_id: UserId,
    }
}

row! {
    /// A role in a team.
    pub struct TeamRole {
        /// The team.
        pub team_id: TeamId,
        /// The role.
        pub slug: RoleSlug,
    }
}

row! {
    /// The code team that a conversation calls.
    pub struct CalledTeam {
        /// The conversation.
        pub group_id: GroupId,
        /// The team, as shown.
        pub title: String,
    }
}

impl Tx {
    /// The code teams that these conversations call, where they call one that there still is.
    pub async fn teams_called(
        &mut self,
        groups: &[GroupId],
    ) -> Result<Vec<CalledTeam>, StoreError> {
        let mut found = Vec::new();
        for ids in groups.chunks(MAX_IN) {
            let sql = format!(
                "SELECT g.group_id, t.title FROM groups g JOIN teams t ON t.team_id = g.team_id
                 WHERE t.kind = 'code' AND g.group_id IN ({})",
                placeholders(1, ids.len())
            );
            let rows: Vec<CalledTeam> = on_engine!(self, |Db, conn| {
                let query = sqlx::query_as::<Db, CalledTeam>(sqlx::AssertSqlSafe(sql));
                bind_all!(query, ids, |q, id| q.bind(id.raw()))
                    .fetch_all(conn)
                    .await
            })?;
            found.extend(rows);
        }
        Ok(found)
    }

    /// Every team, by title.
    pub async fn teams(&mut self) -> Result<Vec<Team>, StoreError> {
        fetch_all!(
            self,
            Team,
            "SELECT team_id, kind, title FROM teams ORDER BY title_folded"
        )
    }

    /// Looks a team up.
    pub async fn team(&mut self, id: TeamId) -> Result<Option<Team>, StoreError> {
        fetch_optional!(
            self,
            Team,
            "SELECT team_id, kind, title FROM teams WHERE team_id = $1",
            id
        )
    }

    /// The people of all teams.
    pub async fn team_people(&mut self) -> Result<Vec<TeamPerson>, StoreError> {
        fetch_all!(
            self,
            TeamPerson,
            "SELECT t.team_id, t.user_id FROM team_people t JOIN users u ON u.user_id = t.user_id
             WHERE u.active = 1 ORDER BY t.team_id, t.user_id"
        )
    }

    /// The roles of all teams.
    pub async fn team_roles(&mut self) -> Result<Vec<TeamRole>, StoreError> {
        fetch_all!(
            self,
            TeamRole,
            "SELECT team_id, slug FROM team_roles ORDER BY team_id, slug"
        )
    }

    /// Writes a team, whole: who was in it and is not named is in it no more.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when another team has the title.
    pub async fn put_team(
        &mut self,
        team: &Team,
        people: &[UserId],
        roles: &[RoleSlug],
    ) -> Result<(), StoreError> {
        execute!(
            self,
            "INSERT INTO teams (team_id, kind, title, title_folded) VALUES ($1, $2, $3, $4)
             ON CONFLICT (team_id) DO UPDATE SET kind = excluded.kind, title = excluded.title,
                 title_folded = excluded.title_folded",
            team.team_id,
            team.kind,
            team.title,
            text::fold(&team.title)
        )?;
        self.empty_team(team.team_id).await?;
        for user in people {
            execute!(
                self,
                "INSERT INTO team_people (team_id, user_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                team.team_id,
                user
            )?;
        }
        for slug in roles {
            execute!(
                self,
                "INSERT INTO team_roles (team_id, slug) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                team.team_id,
                slug
            )?;
        }
        Ok(())
    }

    /// Takes a team away; false where there is none. Its conversations stay.
    pub async fn remove_team(&mut self, id: TeamId) -> Result<bool, StoreError> {
        self.empty_team(id).await?;
        let removed = execute!(self, "DELETE FROM teams WHERE team_id = $1", id)?;
        Ok(removed == 1)
    }

    async fn empty_team(&mut self, id: TeamId) -> Result<(), StoreError> {
        execute!(self, "DELETE FROM team_people WHERE team_id = $1", id)?;
        execute!(self, "DELETE FROM team_roles WHERE team_id = $1", id)?;
        Ok(())
    }
}
