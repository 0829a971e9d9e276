/** The chart of the patient whom a conversation is about. */
import { useConversations } from "../core/queries";
import { Frame } from "../glass/Frame";
import { SendingTo } from "../references/SendingTo";
import { Empty } from "../shell/Empty";
import { Waiting } from "../shell/Waiting";
import { t } from "../texts";
import { Chart } from "./Chart";

export default function OfConversation({ group }: { group: string }) {
  const conversations = useConversations();
  const patient = conversations.data?.find(({ id }) => id === group)?.patient;
  const back = { to: { at: "conversation", group }, text: t.notes.toConversation } as const;
  if (patient) {
    return (
      <SendingTo group={group} patient={patient}>
        <Chart patient={patient.id} known={patient} back={back} notes={{ at: "notes", group }} />
      </SendingTo>
    );
  }
  return (
    <Frame title={t.chart.title} back={back}>
      {conversations.isPending ? (
        <Waiting />
      ) : (
        <Empty title={t.notes.noPatient} text={t.conversation.notFoundHint} />
      )}
    </Frame>
  );
}
