/** What of a chart can be sent to the conversation beside it. */
import { type ReactNode, useState } from "react";
import { useConversations } from "../core/queries";
import type { PatientBanner } from "../core/wire";
import { SendSheet } from "./SendSheet";
import { type Sendable, Sending } from "./sending";

export function SendingTo({
  group,
  patient,
  children,
}: {
  group: string;
  patient: PatientBanner;
  children: ReactNode;
}) {
  const conversation = useConversations().data?.find(({ id }) => id === group);
  const [sending, setSending] = useState<Sendable | null>(null);
  return (
    <Sending.Provider value={setSending}>
      {children}
      {conversation ? (
        <SendSheet
          conversation={conversation}
          patient={patient}
          what={sending}
          onClose={() => setSending(null)}
        />
      ) : null}
    </Sending.Provider>
  );
}
