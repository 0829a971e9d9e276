//! A device counts for others once the log has its endorsement: a server that stops keeps nobody
//! waiting.

use crate::support::{Engine, Hospital, story};

story!(a_server_that_stops_leaves_the_log_to_the_next_at_once);
async fn a_server_that_stops_leaves_the_log_to_the_next_at_once(engine: Engine) {
    let mut hospital = Hospital::new(engine).await;
    hospital.officer().await;
    hospital.running.take().unwrap().shutdown().await;
    let (store, _) = hospital.seize();
    let now = hospital.clock.now_ms();
    let step = store.sequence_once(now, "the next").await.unwrap();
    assert!(step.leader);
    assert_eq!(step.from, step.to, "nothing was left to do");
}
