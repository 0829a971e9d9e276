//! What authorities say of revoked cards: lists, fetched and kept in memory by address and authority,
//! and answers of OCSP responders.
//!
//! A list counts until its `nextUpdate`, but authorities publish a new one earlier where a card was
//! lost, so each is looked for anew every hour. Where that fails the one before is used for as long
//! as it counts. Whoever stands in the way can keep a list from coming, and no more: only one that its
//! authority has signed, and not before the one that is kept, takes its place.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::future::join_all;
use reqwest::header::CONTENT_TYPE;
use wardline_piv::{Crl, ListPoint, MAX_CRL, Question, ocsp};

use crate::outgoing::{self, FetchError};
use crate::rim::Clock;

/// Lists by where they are and whose, and who fetches them.
#[derive(Debug)]
pub(super) struct Revocation {
    client: reqwest::Client,
    lists: Mutex<HashMap<ListPoint, Kept>>,
}

#[derive(Debug, Clone)]
struct Kept {
    list: Arc<Crl>,
    /// Unix milliseconds.
    fetched_at: u64,
}

/// What is known of a card. What nobody told is left out; whether a card is taken all the same is
/// for its verifier.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) lists: Vec<Arc<Crl>>,
    pub(super) ocsp: Option<Vec<u8>>,
}

impl Revocation {
    pub(super) fn new() -> Result<Self, FetchError> {
        Ok(Self {
            client: outgoing::client(PATIENCE)?,
            lists: Mutex::default(),
        })
    }

    /// Asks everybody at once; a person waits for it.
    pub(super) async fn ask(&self, question: &Question, clock: &Clock) -> Known {
        let lists = question.lists.iter().map(|point| self.list(point, clock));
        let (lists, ocsp) = tokio::join!(join_all(lists), self.responder(question));
        Known {
            lists: lists.into_iter().flatten().collect(),
            ocsp,
        }
    }

    /// The list at an address; `None` where there is none of its authority's that can be read.
    async fn list(&self, point: &ListPoint, clock: &Clock) -> Option<Arc<Crl>> {
        let now_ms = clock.now_ms();
        let kept = self.lock().get(point).cloned();
        if let Some(kept) = &kept
            && now_ms < kept.list.next_update_ms()
            && now_ms < kept.fetched_at.saturating_add(LOOK_AGAIN_MS)
        {
            return Some(Arc::clone(&kept.list));
        }
        match self.fetch_list(point).await {
            Ok(list) => Some(self.keep(point, Arc::new(list), now_ms)),
            Err(why) => {
                tracing::warn!(why, "a revocation list was not taken");
                kept.map(|kept| kept.list)
            }
        }
    }

    async fn fetch_list(&self, point: &ListPoint) -> Result<Crl, String> {
        let fetched = outgoing::fetch(self.client.get(&point.url), MAX_CRL).await;
        let bytes = fetched.map_err(|error| error.to_string())?;
        let signer = point.signer.clone();
        // Large lists take a while to read.
        tokio::task::spawn_blocking(move || Crl::read_of(&signer, &bytes))
            .await
            .map_err(|error| error.to_string())?
            .map_err(|error| error.to_string())
    }

    /// Keeps a list, unless a later one is kept; tells which is.
    fn keep(&self, point: &ListPoint, list: Arc<Crl>, fetched_at: u64) -> Arc<Crl> {
        let mut lists = self.lock();
        if let Some(kept) = lists.get(point)
            && list.this_update_ms() < kept.list.this_update_ms()
        {
            tracing::warn!("a revocation list is older than the one before");
            return Arc::clone(&kept.list);
        }
        if lists.len() >= MAX_LISTS && !lists.contains_key(point) {
            let oldest = lists.iter().min_by_key(|(_, kept)| kept.fetched_at);
            if let Some(oldest) = oldest.map(|(point, _)| point.clone()) {
                lists.remove(&oldest);
            }
        }
        let kept = Kept {
            list: Arc::clone(&list),
            fetched_at,
        };
        lists.insert(point.clone(), kept);
        list
    }

    /// The answer of the first responder that gives one.
    async fn responder(&self, question: &Question) -> Option<Vec<u8>> {
        for url in &question.responders {
            let request = self
                .client
                .post(url)
                .header(CONTENT_TYPE, "application/ocsp-request")
                .body(question.request.clone());
            match outgoing::fetch(request, ocsp::MAX_RESPONSE).await {
                Ok(answer) => return Some(answer),
                Err(why) => tracing::warn!(%why, "an OCSP responder gave no answer"),
            }
        }
        None
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ListPoint, Kept>> {
        // Entries are replaced whole, so a poisoned lock holds no half state.
        self.lists.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// For one request; a challenge outlives several.
const PATIENCE: Duration = Duration::from_secs(15);
const LOOK_AGAIN_MS: u64 = 60 * 60 * 1000;
/// Addresses whose lists are kept. A hospital's cards name a handful.
const MAX_LISTS: usize = 64;
