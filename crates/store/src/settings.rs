//! The hospital's own values: names, keys of the delivery service, the device CA. All sealed.

use zeroize::Zeroizing;

use crate::StoreError;
use crate::rows::{execute, fetch_all, fetch_optional};
use crate::store::Tx;

impl Tx {
    /// Reads a value.
    pub async fn setting(&mut self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        let sealed: Option<(Vec<u8>,)> = fetch_optional!(
            self,
            (Vec<u8>,),
            "SELECT sealed FROM settings WHERE name = $1",
            name
        )?;
        sealed
            .map(|(sealed,)| self.open("settings", name.as_bytes(), &sealed))
            .transpose()
    }

    /// All values whose names begin so, with their names.
    pub async fn settings_below(
        &mut self,
        prefix: &str,
    ) -> Result<Vec<(String, Zeroizing<Vec<u8>>)>, StoreError> {
        let sealed: Vec<(String, Vec<u8>)> = fetch_all!(
            self,
            (String, Vec<u8>),
            "SELECT name, sealed FROM settings WHERE SUBSTR(name, 1, CAST($2 AS INTEGER)) = $1 ORDER BY name",
            prefix,
            prefix.chars().count()
        )?;
        sealed
            .into_iter()
            .map(|(name, sealed)| {
                let opened = self.open("settings", name.as_bytes(), &sealed)?;
                Ok((name, opened))
            })
            .collect()
    }

    /// Writes a value.
    pub async fn put_setting(&mut self, name: &str, value: &[u8]) -> Result<(), StoreError> {
        let sealed = self.seal("settings", name.as_bytes(), value)?;
        execute!(
            self,
            "INSERT INTO settings (name, sealed) VALUES ($1, $2)
             ON CONFLICT (name) DO UPDATE SET sealed = excluded.sealed",
            name,
            sealed
        )?;
        Ok(())
    }

    /// Writes a value unless there is one; true when it was written. Of two nodes that make a key
    /// at their first start, one wins and the other reads it.
    pub async fn put_setting_once(&mut self, name: &str, value: &[u8]) -> Result<bool, StoreError> {
        let sealed = self.seal("settings", name.as_bytes(), value)?;
        let written = execute!(
            self,
            "INSERT INTO settings (name, sealed) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            name,
            sealed
        )?;
        Ok(written == 1)
    }
}
