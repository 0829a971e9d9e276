//! Generators of one-time codes: people's, and token cards that nobody has yet.

use wardline_model::{DeviceId, FactorId, UserId};
use zeroize::Zeroizing;

use crate::StoreError;
use crate::rows::{execute, fetch_all, fetch_optional, row};
use crate::store::Tx;

row! {
    /// A generator, without its secret.
    pub struct Factor {
        /// The generator.
        pub factor_id: FactorId,
        /// Whose it is; absent for a card that nobody has.
        pub user_id: Option<UserId>,
        /// How it makes codes: a `Generator`, JSON.
        pub generator: String,
        /// What its person calls it.
        pub name: String,
        /// The number on its back; absent for an app.
        pub serial: Option<String>,
        /// Who made it; may be empty.
        pub maker: String,
        /// What it is called; may be empty.
        pub model: String,
        /// The first step or press whose code still counts.
        pub next: u64,
        /// How many steps its clock is ahead.
        pub drift: i64,
        /// When it was begun or handed out, unix milliseconds.
        pub created_at: u64,
        /// When its first code was right, unix milliseconds.
        pub confirmed_at: Option<u64>,
        /// When a code was right last, unix milliseconds.
        pub last_used_at: Option<u64>,
    }
}

row! {
    /// Wrong codes in a row of a person on a device.
    pub struct Tries {
        /// How many.
        pub failures: u32,
        /// When the last one was, unix milliseconds.
        pub last_at: u64,
    }
}

/// A generator to be written.
#[derive(Debug, Clone)]
pub struct NewFactor {
    /// The generator.
    pub factor_id: FactorId,
    /// Whose it is; absent for a card that nobody has.
    pub user_id: Option<UserId>,
    /// How it makes codes: a `Generator`, JSON.
    pub generator: String,
    /// What its person calls it.
    pub name: String,
    /// The number on its back; absent for an app.
    pub serial: Option<String>,
    /// Who made it; may be empty.
    pub maker: String,
    /// What it is called; may be empty.
    pub model: String,
    /// The first press whose code counts.
    pub next: u64,
}

macro_rules! select_factors {
    ($where:literal) => {
        concat!(
            "SELECT factor_id, user_id, generator, name, serial, maker, model, next, drift,
                 created_at, confirmed_at, last_used_at
             FROM factors ",
            $where
        )
    };
}

row! {
    /// Somebody who has fewer factors than their role needs.
    pub struct ShortOfFactors {
        /// Who.
        pub user_id: UserId,
        /// Sign-in name.
        pub username: String,
        /// Name as shown.
        pub name: String,
        /// Role as shown.
        pub role_title: String,
        /// Department as shown.
        pub department: String,
        /// How many they have.
        pub has: u32,
    }
}

impl Tx {
    /// Writes a generator with its secret; false where a card with that number is known.
    pub async fn create_factor(
        &mut self,
        new: &NewFactor,
        secret: &[u8],
        now_ms: u64,
    ) -> Result<bool, StoreError> {
        let sealed = self.seal("factors.secret", new.factor_id.as_bytes(), secret)?;
        let made = execute!(
            self,
            "INSERT INTO factors (factor_id, user_id, generator, name, serial, maker, model,
                 secret_sealed, next, drift, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10)
             ON CONFLICT (serial) DO NOTHING",
            new.factor_id,
            new.user_id,
            new.generator,
            new.name,
            new.serial,
            new.maker,
            new.model,
            sealed,
            new.next,
            now_ms
        )?;
        Ok(made == 1)
    }

    /// A person's generators, the newest first.
    pub async fn factors_of(&mut self, user: UserId) -> Result<Vec<Factor>, StoreError> {
        fetch_all!(
            self,
            Factor,
            select_factors!("WHERE user_id = $1 ORDER BY created_at DESC, factor_id"),
            user
        )
    }

    /// Active people with a role who have fewer factors that count than it needs: generators, and smart
    /// cards that have not expired. By name.
    pub async fn people_short_of_factors(
        &mut self,
        role: &str,
        needed: u32,
        now_ms: u64,
    ) -> Result<Vec<ShortOfFactors>, StoreError> {
        fetch_all!(
            self,
            ShortOfFactors,
            "SELECT p.user_id, p.username, p.name, p.role_title, p.department, p.has FROM (
                 SELECT u.user_id, u.username, u.name, u.role_title, u.department,
                     (SELECT COUNT(*) FROM factors f WHERE f.user_id = u.user_id
                         AND (f.confirmed_at IS NOT NULL OR f.serial IS NOT NULL))
                     + (SELECT COUNT(*) FROM cards c WHERE c.user_id = u.user_id
                         AND c.not_after > $3) AS has
                 FROM user_roles r JOIN users u ON u.user_id = r.user_id
                 WHERE r.role = $1 AND u.active = 1) p
             WHERE p.has < $2 ORDER BY p.name, p.user_id",
            role,
            needed,
            now_ms
        )
    }

    /// Looks a generator up.
    pub async fn factor(&mut self, id: FactorId) -> Result<Option<Factor>, StoreError> {
        fetch_optional!(self, Factor, select_factors!("WHERE factor_id = $1"), id)
    }

    /// Looks a token card up by the number on its back.
    pub async fn token(&mut self, serial: &str) -> Result<Option<Factor>, StoreError> {
        fetch_optional!(self, Factor, select_factors!("WHERE serial = $1"), serial)
    }

    /// All token cards, by number.
    pub async fn tokens(&mut self) -> Result<Vec<Factor>, StoreError> {
        fetch_all!(
            self,
            Factor,
            select_factors!("WHERE serial IS NOT NULL ORDER BY serial")
        )
    }

    /// A generator's secret.
    pub async fn factor_secret(
        &mut self,
        id: FactorId,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        let sealed: Option<(Vec<u8>,)> = fetch_optional!(
            self,
            (Vec<u8>,),
            "SELECT secret_sealed FROM factors WHERE factor_id = $1",
            id
        )?;
        sealed
            .map(|(sealed,)| self.open("factors.secret", id.as_bytes(), &sealed))
            .transpose()
    }

    /// Notes that a code of a generator was right; false where it, or a later one, was used
    /// meanwhile: of two requests with one code one is first.
    pub async fn use_factor(
        &mut self,
        id: FactorId,
        before: u64,
        next: u64,
        drift: i64,
        now_ms: u64,
    ) -> Result<bool, StoreError> {
        let used = execute!(
            self,
            "UPDATE factors SET next = $3, drift = $4, last_used_at = $5,
                 confirmed_at = COALESCE(confirmed_at, $5)
             WHERE factor_id = $1 AND next = $2",
            id,
            before,
            next,
            drift,
            now_ms
        )?;
        Ok(used == 1)
    }

    /// Gives a generator another name; false where the person has no such one.
    pub async fn rename_factor(
        &mut self,
        id: FactorId,
        user: UserId,
        name: &str,
    ) -> Result<bool, StoreError> {
        let renamed = execute!(
            self,
            "UPDATE factors SET name = $3 WHERE factor_id = $1 AND user_id = $2",
            id,
            user,
            name
        )?;
        Ok(renamed == 1)
    }

    /// Takes a generator from its person: an app's is forgotten, a card is nobody's again. What was
    /// used of a card stays used.
    pub async fn remove_factor(&mut self, id: FactorId) -> Result<bool, StoreError> {
        let returned = execute!(
            self,
            "UPDATE factors SET user_id = NULL, confirmed_at = NULL, last_used_at = NULL, name = ''
             WHERE factor_id = $1 AND serial IS NOT NULL AND user_id IS NOT NULL",
            id
        )?;
        let forgotten = execute!(
            self,
            "DELETE FROM factors WHERE factor_id = $1 AND serial IS NULL",
            id
        )?;
        Ok(returned + forgotten == 1)
    }

    /// Hands a card that nobody has to a person; false where somebody has it, or there is none.
    pub async fn assign_token(
        &mut self,
        serial: &str,
        user: UserId,
        name: &str,
        now_ms: u64,
    ) -> Result<bool, StoreError> {
        let assigned = execute!(
            self,
            "UPDATE factors SET user_id = $2, name = $3, created_at = $4
             WHERE serial = $1 AND user_id IS NULL",
            serial,
            user,
            name,
            now_ms
        )?;
        Ok(assigned == 1)
    }

    /// Wrong codes in a row of a person on a device.
    pub async fn tries(
        &mut self,
        user: UserId,
        device: DeviceId,
    ) -> Result<Option<Tries>, StoreError> {
        fetch_optional!(
            self,
            Tries,
            "SELECT failures, last_at FROM factor_tries WHERE user_id = $1 AND device_id = $2",
            user,
            device
        )
    }

    /// Counts a wrong code.
    pub async fn count_try(
        &mut self,
        user: UserId,
        device: DeviceId,
        now_ms: u64,
    ) -> Result<(), StoreError> {
        execute!(
            self,
            "INSERT INTO factor_tries (user_id, device_id, failures, last_at)
             VALUES ($1, $2, 1, $3)
             ON CONFLICT (user_id, device_id) DO UPDATE SET
                 failures = factor_tries.failures + 1, last_at = excluded.last_at",
            user,
            device,
            now_ms
        )?;
        Ok(())
    }

    /// Forgets the wrong codes of a person on all devices: their generators are bound anew.
    pub async fn forget_all_tries(&mut self, user: UserId) -> Result<(), StoreError> {
        execute!(self, "DELETE FROM factor_tries WHERE user_id = $1", user)?;
        Ok(())
    }

    /// Forgets the wrong codes of a person on a device.
    pub async fn forget_tries(&mut self, user: UserId, device: DeviceId) -> Result<(), StoreError> {
        execute!(
            self,
            "DELETE FROM factor_tries WHERE user_id = $1 AND device_id = $2",
            user,
            device
        )?;
        Ok(())
    }
}
