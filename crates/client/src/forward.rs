//! Messages that go on into another conversation.
//!
//! What is forwarded is sealed anew for the other conversation, with who wrote it and when. Out of a
//! conversation about a patient nothing is forwarded before the hospital was asked: it knows who cares
//! for the patient, and whom the other conversation is about. The message names that conversation from
//! then on, and is asked about each time it goes on, whoever has it by then. The hospital learns nothing
//! of the message by it, and it cannot keep an altered client from sending what it likes.

use serde_json::json;
use wardline_model::wire::forward::ForwardAllowed;
use wardline_model::wire::messages::Priority;
use wardline_model::{GroupId, MessageId};

use crate::client::Client;
use crate::content::{Expiry, Forwarded};
use crate::conversation::{self, Outgoing};
use crate::error::ClientError;
use crate::expiry::due_at;
use crate::platform::{Platform, random_bytes};
use crate::views::Queued;

impl<P: Platform> Client<P> {
    /// Forwards a message as it stands: its newest text, its form or its reference, marked with its first writer. It
    /// keeps the end that was set for it, notifies nobody whom it names and is not urgent. Like
    /// [`Client::send`]: durable here when this returns, on its way with [`Client::deliver`].
    ///
    /// # Errors
    /// When the message is not here, was recalled, carries a file, or goes once it is read; when the hospital wants a
    /// proof first, or cannot be asked.
    pub async fn forward(
        &mut self,
        group: GroupId,
        id: MessageId,
        to: GroupId,
    ) -> Result<Queued, ClientError> {
        let vault = self.vault()?;
        let missing = ClientError::Invalid("there is no such conversation on this device");
        let Some(from) = conversation::record(vault, group) else {
            return Err(missing);
        };
        if conversation::record(vault, to).is_none() {
            return Err(missing);
        }
        let me = self.profile()?.user.id;
        let message = self.standing_message(group, id)?.message;
        if message.attachment.is_some() {
            // Its key would pass on what only the devices of the first conversation are handed.
            return Err(ClientError::Invalid(
                "a message with a file is not forwarded; send the file there",
            ));
        }
        let now = self.platform.now_ms();
        let expires = match message.expires {
            None => None,
            Some(Expiry::Read) => {
                return Err(ClientError::Invalid(
                    "this message goes once it is read, and is not forwarded",
                ));
            }
            Some(Expiry::After(_)) => match due_at(&message, me) {
                Some(due) if due > now => {
                    let left = (due - now).div_ceil(1000);
                    Some(Expiry::After(u32::try_from(left).unwrap_or(u32::MAX)))
                }
                _ => return Err(ClientError::Invalid("this message has gone by itself")),
            },
        };
        let author = message.from.as_ref();
        let mut forwarded = message.forwarded.clone().or_else(|| {
            author.map(|author| Forwarded {
                from: author.id,
                name: author.name.clone(),
                sent_at: message.sent_at,
                origin: None,
            })
        });
        let about_patient = from.summary.patient_id.is_some();
        let origin = forwarded.as_ref().and_then(|f| f.origin);
        if about_patient || origin.is_some() {
            if let Some(forwarded) = &mut forwarded {
                forwarded.origin = origin.or(Some(group));
            }
            let path = ["/v1/groups/", &group.to_string(), "/forward"].concat();
            let body = json!({ "to": to, "origin": origin });
            let _: ForwardAllowed = self.api.post(&self.platform, &path, &body).await?;
        }
        let outgoing = Outgoing {
            id: MessageId::from_random(random_bytes(&self.platform)),
            group: to,
            text: message.text,
            priority: Priority::Routine,
            reply_to: None,
            written_at: now,
            sealed: None,
            problem: None,
            history: None,
            only_for: None,
            mentions: Vec::new(),
            change: None,
            form: message.form,
            reference: message.reference,
            forwarded,
            attachment: None,
            expires,
        };
        self.queue(outgoing).await
    }
}
