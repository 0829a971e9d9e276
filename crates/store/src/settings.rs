//! The hospital's own values: names, keys of the delivery service, the device CA. All sealed.

use zeroize::Zeroizing;

use crate::StoreError;
use crate::rows::{execute, fetch_optional};
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
