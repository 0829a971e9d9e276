//! What the model of snooping keeps: how each person looks at charts, and what ties people who work here to
//! patients, so that it can be compared and not read.

use wardline_model::UserId;
use wardline_seal::Token;
use zeroize::Zeroizing;

use crate::StoreError;
use crate::rows::{execute, fetch_one, fetch_optional, row};
use crate::store::Tx;
use crate::text;

row! {
    /// Where somebody who works here lives, and their own record.
    pub struct StaffMarks {
        area_token: Option<Token>,
        number_token: Option<Token>,
    }
}

row! {
    struct Whose {
        user_id: UserId,
    }
}

/// The area of an address, or the number of a record, as it is compared with those of people who work here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StaffMark(Token);

impl StaffMarks {
    /// Whether they live there; absent where that is not known.
    pub fn lives_in(&self, area: StaffMark) -> Option<bool> {
        self.area_token.map(|own| own == area.0)
    }

    /// Whether a record is their own.
    pub fn is_number(&self, number: StaffMark) -> bool {
        self.number_token == Some(number.0)
    }
}

impl Tx {
    /// What the model of snooping knows of a person.
    pub async fn access_state_of(
        &mut self,
        user: UserId,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        let sealed: Option<(Vec<u8>,)> = fetch_optional!(
            self,
            (Vec<u8>,),
            "SELECT state_sealed FROM access_people WHERE user_id = $1",
            user
        )?;
        sealed
            .map(|(sealed,)| self.open(STATE, user.as_bytes(), &sealed))
            .transpose()
    }

    /// Writes what the model of snooping knows of a person.
    pub async fn put_access_state_of(
        &mut self,
        user: UserId,
        state: &[u8],
        now_ms: u64,
    ) -> Result<(), StoreError> {
        let sealed = self.seal(STATE, user.as_bytes(), state)?;
        execute!(
            self,
            "INSERT INTO access_people (user_id, state_sealed, seen_at) VALUES ($1, $2, $3)
             ON CONFLICT (user_id) DO UPDATE SET
                 state_sealed = excluded.state_sealed, seen_at = excluded.seen_at",
            user,
            sealed,
            now_ms
        )?;
        Ok(())
    }

    /// Notes where somebody who works here lives, and the number of their own record, each where it is known.
    pub async fn put_staff_marks(
        &mut self,
        user: UserId,
        area: Option<&str>,
        number: Option<&str>,
    ) -> Result<(), StoreError> {
        let area = area.map(|area| self.staff_area(area).0);
        let number = number.map(|number| self.staff_number(number).0);
        execute!(
            self,
            "INSERT INTO staff_marks (user_id, area_token, number_token) VALUES ($1, $2, $3)
             ON CONFLICT (user_id) DO UPDATE SET
                 area_token = excluded.area_token, number_token = excluded.number_token",
            user,
            area,
            number
        )?;
        Ok(())
    }

    /// What was noted of somebody.
    pub async fn staff_marks(&mut self, user: UserId) -> Result<Option<StaffMarks>, StoreError> {
        fetch_optional!(
            self,
            StaffMarks,
            "SELECT area_token, number_token FROM staff_marks WHERE user_id = $1",
            user
        )
    }

    /// Who works here and has a record with this number.
    pub async fn staff_with(&mut self, number: StaffMark) -> Result<Option<UserId>, StoreError> {
        let whose = fetch_optional!(
            self,
            Whose,
            "SELECT user_id FROM staff_marks WHERE number_token = $1 ORDER BY user_id LIMIT 1",
            number.0
        )?;
        Ok(whose.map(|whose| whose.user_id))
    }

    /// An area, for comparison.
    pub fn staff_area(&self, area: &str) -> StaffMark {
        self.staff_mark("staff area", area)
    }

    /// The number of a record, for comparison.
    pub fn staff_number(&self, number: &str) -> StaffMark {
        self.staff_mark("staff number", number)
    }

    /// How many resources of a type have a name that begins like this word.
    pub async fn count_by_name(&mut self, kind: &str, word: &str) -> Result<u64, StoreError> {
        let tokens = self
            .shared
            .index
            .query_tokens(&format!("name {kind}"), word);
        match tokens.first() {
            Some(token) => self.count_with(kind, *token).await,
            None => Ok(0),
        }
    }

    /// How many resources of a type have exactly this value.
    pub async fn count_exact(
        &mut self,
        kind: &str,
        field: &str,
        value: &str,
    ) -> Result<u64, StoreError> {
        let token = self.exact_token(kind, field, value);
        self.count_with(kind, token).await
    }

    async fn count_with(&mut self, kind: &str, token: Token) -> Result<u64, StoreError> {
        let (count,): (i64,) = fetch_one!(
            self,
            (i64,),
            "SELECT COUNT(*) AS n FROM resource_tokens WHERE kind = $1 AND search_token = $2",
            kind,
            token
        )?;
        Ok(count.unsigned_abs())
    }

    /// Of no other use: it is not what records are found by.
    fn staff_mark(&self, kind: &str, value: &str) -> StaffMark {
        let folded = text::fold(value.trim());
        StaffMark(self.shared.index.token(kind, folded.as_bytes()))
    }
}

const STATE: &str = "access_people.state";
