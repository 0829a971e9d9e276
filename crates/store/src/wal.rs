//! Takes what is in SQLite's WAL over into the database beside the writer.
//!
//! By itself SQLite does that within the commit that makes the WAL long: every few hundred messages one of them
//! waited for some thousand pages to be copied and synced. Here a connection of its own copies while the
//! writer goes on appending; the writer's share is what came in meanwhile, once the WAL is as long as
//! [`LONGEST`]. Nothing depends on it: a WAL that is not taken over is read by the next process.

use std::time::Duration;

use sqlx::SqlitePool;
use tokio::sync::mpsc;

/// Tells that something was committed. Dropped with the store, which ends the task.
pub(crate) struct Written(mpsc::Sender<()>);

impl Written {
    /// Starts to take over what is written.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    pub(crate) fn start(copier: SqlitePool) -> Self {
        let (sender, receiver) = mpsc::channel(1);
        tokio::spawn(take_over(copier, receiver));
        Self(sender)
    }

    /// To be called after a commit.
    pub(crate) fn tell(&self) {
        // One that waits already stands for this one, too.
        let _ = self.0.try_send(());
    }
}

async fn take_over(copier: SqlitePool, mut written: mpsc::Receiver<()>) {
    while written.recv().await.is_some() {
        tokio::time::sleep(GATHER).await;
        for _ in 0..PASSES {
            // What came in while it copied is little: with it, the WAL begins anew. A disk that fails will be
            // told by the next commit.
            let left = matches!(pass(&copier).await, Ok((_, long, copied)) if copied < long);
            if !left {
                break;
            }
        }
    }
}

/// One pass, which neither waits for anybody nor keeps anybody waiting: whether it could, how many pages the WAL
/// has, and how many of them are in the database.
async fn pass(copier: &SqlitePool) -> Result<(i64, i64, i64), sqlx::Error> {
    sqlx::query_as("PRAGMA wal_checkpoint(PASSIVE)")
        .fetch_one(copier)
        .await
}

/// Pages of a WAL that the writer takes over itself: 64 MiB, as long as a crash may leave it for the next start to
/// read.
pub(crate) const LONGEST: &str = "16000";
/// Between a commit and the copying of it. A page that is written again within it is copied once.
const GATHER: Duration = Duration::from_secs(1);
/// Passes one after another: under load something always comes in.
const PASSES: u32 = 3;
