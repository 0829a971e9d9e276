//! What other models of the same hospital, and their replays, are made of: rows that survive a damaged
//! file, columns by their names, counts with a bound that fade, and figures of what scores are worth.

pub use crate::columns::{moment, position, text, truth};
pub use crate::fade::{DAY_MS, day_of, left, narrow};
pub use crate::hospital::{EARLY_MS, LATE_MS};
pub use crate::mark::mark;
pub use crate::measure::{Scores, Worth, number};
pub use crate::rows::{Row, Rows};
pub use crate::state::{from_bytes, to_bytes};
pub use crate::table::Table;
pub use crate::took::{Times, Took};
