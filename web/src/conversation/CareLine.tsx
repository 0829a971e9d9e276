/** Somebody came to the patient's care team: said in its conversation, with one tap to let them in. That
 * they are on it is the hospital's word and nobody's signature, so nobody is let in without a member. */
import { Button } from "@mantine/core";
import type { ConversationView } from "../core/methods";
import { useCall, useCareTeam } from "../core/queries";
import { tellFailure } from "../shell/notices";
import { t } from "../texts";
import styles from "./Conversation.module.css";
import { missing } from "./careTeam";

export function CareLine({ conversation }: { conversation: ConversationView }) {
  const { id: group, kind, patient } = conversation;
  const team = useCareTeam(kind === "team" && patient ? patient.id : null);
  const add = useCall("add_people");
  const people = team.data ? missing(team.data, conversation) : [];
  if (people.length === 0) {
    return null;
  }
  const names = people.map(({ name, role }) => `${name} (${role})`).join(", ");
  return (
    <div className={styles.strangers} role="status">
      <p>{t.conversation.careTeam(names)}</p>
      <div>
        <Button
          size="xs"
          loading={add.isPending}
          onClick={() =>
            add.mutate({ group, users: people.map(({ id }) => id) }, { onError: tellFailure })
          }
        >
          {t.conversation.careTeamLetIn}
        </Button>
      </div>
    </div>
  );
}
