//! The columns of a manager's export, and what becomes of a row.

use std::collections::HashMap;

use wardline_model::wire::posture::{FactName, FactValue, Told};

use crate::managed::{ManagedDevice, serial_key};
use crate::refusal::{Place, Problem, Refusals, Refused};
use crate::table::{Cell, Schema};
use crate::values::{self, Expected, LONGEST_FACT, LONGEST_NAME, LONGEST_OWNER};

/// A column of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Column {
    Serial,
    ManagerId,
    Owner,
    Name,
    LastSync,
    Fact(FactName),
}

/// The columns of an export; `docs/signals.md` has them for people.
pub(crate) const SCHEMA: Schema<Column> = Schema {
    names: &[
        ("serial", Column::Serial),
        ("serial_number", Column::Serial),
        ("manager_id", Column::ManagerId),
        ("device_id", Column::ManagerId),
        ("owner", Column::Owner),
        ("user_principal_name", Column::Owner),
        ("username", Column::Owner),
        ("email", Column::Owner),
        ("name", Column::Name),
        ("device_name", Column::Name),
        ("last_sync", Column::LastSync),
        ("last_check_in", Column::LastSync),
        ("last_seen", Column::LastSync),
        ("platform", Column::Fact(FactName::Platform)),
        ("os", Column::Fact(FactName::Platform)),
        ("os_version", Column::Fact(FactName::OsVersion)),
        ("patch_level", Column::Fact(FactName::PatchLevel)),
        ("security_patch_level", Column::Fact(FactName::PatchLevel)),
        ("model", Column::Fact(FactName::Model)),
        ("manufacturer", Column::Fact(FactName::Manufacturer)),
        ("encrypted", Column::Fact(FactName::StorageEncrypted)),
        (
            "storage_encrypted",
            Column::Fact(FactName::StorageEncrypted),
        ),
        ("screen_lock", Column::Fact(FactName::ScreenLock)),
        (
            "screen_lock_seconds",
            Column::Fact(FactName::ScreenLockSeconds),
        ),
        ("compliant", Column::Fact(FactName::ManagerCompliant)),
        ("compliance", Column::Fact(FactName::ManagerCompliant)),
        ("managed", Column::Fact(FactName::Managed)),
        ("rooted", Column::Fact(FactName::Rooted)),
        ("jailbroken", Column::Fact(FactName::Rooted)),
        ("verified_boot", Column::Fact(FactName::VerifiedBoot)),
        (
            "bootloader_locked",
            Column::Fact(FactName::BootloaderLocked),
        ),
        ("secure_boot", Column::Fact(FactName::SecureBoot)),
        ("tpm", Column::Fact(FactName::Tpm)),
        ("firewall", Column::Fact(FactName::Firewall)),
        ("pending_updates", Column::Fact(FactName::PendingUpdates)),
        ("restart_pending", Column::Fact(FactName::RestartPending)),
        ("kernel", Column::Fact(FactName::Kernel)),
    ],
    required: &[
        Column::Serial,
        Column::LastSync,
        Column::Fact(FactName::Platform),
    ],
};

/// The rows of an export, as they become devices.
pub(crate) struct Rows<'s> {
    source: &'s str,
    now_ms: u64,
    devices: Vec<ManagedDevice>,
    serials: HashMap<String, Place>,
    ids: HashMap<String, Place>,
}

impl<'s> Rows<'s> {
    /// None yet. `now_ms` is the time of the import, unix milliseconds.
    pub(crate) fn new(source: &'s str, now_ms: u64) -> Self {
        Self {
            source,
            now_ms,
            devices: Vec::new(),
            serials: HashMap::new(),
            ids: HashMap::new(),
        }
    }

    /// One more row. What is wrong with it goes to `refusals`; a row with a fault is no device.
    pub(crate) fn add(
        &mut self,
        place: Place,
        cells: &[(Column, Cell<'_>)],
        refusals: &mut Refusals,
    ) {
        let mut row = Row {
            place,
            cells,
            refusals,
            good: true,
        };
        let serial = row.read(Column::Serial, values::serial).flatten();
        let id = row.text(Column::ManagerId, LONGEST_NAME);
        if serial.is_none() && id.is_none() && row.good {
            row.add(Problem::Missing {
                column: SCHEMA.name(Column::Serial),
                expected: "a serial number that no other device has, or else a manager_id",
            });
        }
        let owner = row.text(Column::Owner, LONGEST_OWNER);
        let name = row.text(Column::Name, LONGEST_NAME);
        let observed_at = row.read(Column::LastSync, values::moment);
        let facts = row.facts();

        match observed_at {
            None => row.missing(
                Column::LastSync,
                "when the manager last heard from the device",
            ),
            Some(at) if at > self.now_ms.saturating_add(AHEAD_MS) => {
                row.fault(Column::LastSync, "a time that is not in the future");
            }
            Some(_) => {}
        }
        if !facts.iter().any(|told| told.name == FactName::Platform) {
            row.missing(Column::Fact(FactName::Platform), "what runs on it");
        }
        if let Some(serial) = serial {
            row.once(Column::Serial, serial_key(serial), &mut self.serials);
        }
        let id = id.or(serial).unwrap_or_default().to_owned();
        row.once(Column::ManagerId, id.clone(), &mut self.ids);
        if !row.good {
            return;
        }
        self.devices.push(ManagedDevice {
            source: self.source.to_owned(),
            serial: serial.map(str::to_owned),
            owner: owner.map(str::to_owned),
            name: name.map_or_else(|| id.clone(), str::to_owned),
            manager_id: id,
            facts,
            observed_at: observed_at.unwrap_or_default(),
        });
    }

    /// The devices, if nothing was wrong with any of them.
    pub(crate) fn finish(self, refusals: Refusals) -> Result<Vec<ManagedDevice>, Refused> {
        refusals.or(self.devices)
    }
}

/// By how much the clocks of a manager and of the server may differ.
const AHEAD_MS: u64 = 5 * 60 * 1000;

/// A row while it is read.
struct Row<'r, 'c> {
    place: Place,
    cells: &'c [(Column, Cell<'c>)],
    refusals: &'r mut Refusals,
    good: bool,
}

impl<'c> Row<'_, 'c> {
    fn cell(&self, column: Column) -> Cell<'c> {
        let cell = self.cells.iter().find(|(named, _)| *named == column);
        cell.map_or(Cell::Nothing, |(_, cell)| *cell)
    }

    /// The text of a column, read by `read`.
    fn read<T>(
        &mut self,
        column: Column,
        read: impl FnOnce(&'c str) -> Result<T, Expected>,
    ) -> Option<T> {
        let outcome = match self.cell(column) {
            Cell::Nothing => return None,
            Cell::Text(text) => read(text),
            Cell::Truth(_) | Cell::Number(_) | Cell::Other => Err("text"),
        };
        self.or_fault(column, outcome)
    }

    fn text(&mut self, column: Column, longest: usize) -> Option<&'c str> {
        self.read(column, |text| values::text(text, longest))
    }

    /// Every fact that the row tells. A device in an export is managed unless it says otherwise.
    fn facts(&mut self) -> Vec<Told> {
        let mut facts = Vec::new();
        for (column, cell) in self.cells {
            let Column::Fact(name) = *column else {
                continue;
            };
            let value = self.or_fault(*column, fact(name, *cell)).flatten();
            facts.extend(value.map(|value| Told { name, value }));
        }
        if self.cell(Column::Fact(FactName::Managed)) == Cell::Nothing {
            let (name, value) = (FactName::Managed, FactValue::Truth(true));
            facts.push(Told { name, value });
        }
        if let Cell::Text(text) = self.cell(Column::Serial)
            && let Ok(Some(serial)) = values::serial(text)
        {
            let (name, value) = (FactName::Serial, FactValue::from(serial));
            facts.push(Told { name, value });
        }
        facts
    }

    /// Refuses what an earlier row has.
    fn once(&mut self, column: Column, key: String, seen: &mut HashMap<String, Place>) {
        if let Some(earlier) = seen.insert(key, self.place)
            && self.good
        {
            let column = SCHEMA.name(column);
            self.add(Problem::Repeated { column, earlier });
        }
    }

    fn or_fault<T>(&mut self, column: Column, outcome: Result<T, Expected>) -> Option<T> {
        outcome
            .map_err(|expected| self.fault(column, expected))
            .ok()
    }

    fn fault(&mut self, column: Column, expected: Expected) {
        let column = SCHEMA.name(column);
        self.add(Problem::Value { column, expected });
    }

    fn missing(&mut self, column: Column, expected: Expected) {
        // A value that cannot be read has its reason already.
        if self.cell(column) == Cell::Nothing {
            let column = SCHEMA.name(column);
            self.add(Problem::Missing { column, expected });
        }
    }

    fn add(&mut self, problem: Problem) {
        self.good = false;
        self.refusals.add(self.place, problem);
    }
}

/// The value of a fact; `None` where nothing is said.
fn fact(name: FactName, cell: Cell<'_>) -> Result<Option<FactValue>, Expected> {
    const TRUTH: FactValue = FactValue::Truth(true);
    const NUMBER: FactValue = FactValue::Number(0);
    if name.takes(&TRUTH) {
        let truth = match cell {
            Cell::Nothing => None,
            Cell::Truth(truth) => Some(truth),
            Cell::Text(text) if name == FactName::ManagerCompliant => values::compliance(text)?,
            Cell::Text(text) => values::truth(text)?,
            Cell::Number(_) | Cell::Other => return Err("true, false or unknown"),
        };
        return Ok(truth.map(FactValue::Truth));
    }
    if name.takes(&NUMBER) {
        return match cell {
            Cell::Nothing => Ok(None),
            Cell::Number(number) => values::number(&number.to_string()).map(Some),
            Cell::Text(text) => values::number(text).map(Some),
            Cell::Truth(_) | Cell::Other => Err("a whole number"),
        }
        .map(|number| number.map(FactValue::Number));
    }
    let text = match (name, cell) {
        (_, Cell::Nothing) => return Ok(None),
        (FactName::Platform, Cell::Text(text)) => values::platform(text)?,
        (FactName::PatchLevel, Cell::Text(text)) => values::patch_level(text)?,
        (FactName::VerifiedBoot, Cell::Text(text)) => values::verified_boot(text)?,
        (_, Cell::Text(text)) => values::text(text, LONGEST_FACT)?,
        (_, Cell::Truth(_) | Cell::Number(_) | Cell::Other) => return Err("text"),
    };
    Ok(Some(FactValue::from(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_stands_in_the_operators_manual() {
        let manual = include_str!("../../../docs/signals.md");
        for (name, _) in SCHEMA.names {
            assert!(manual.contains(&format!("`{name}`")), "{name}");
        }
    }
}
