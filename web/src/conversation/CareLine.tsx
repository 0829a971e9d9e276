/** Who came to the patient's care team, and who is no longer on it: said in its conversation. That somebody is on
 * it is the hospital's word and nobody's signature, so nobody is let in or taken out without a member: the one
 * is a tap here, the other stands among the people. */
import { Button } from "@mantine/core";
import type { ConversationView } from "../core/methods";
import { useCall, useCareTeam } from "../core/queries";
import type { CareTeam } from "../core/wire";
import { tellFailure } from "../shell/notices";
import { t } from "../texts";
import styles from "./Conversation.module.css";
import { apart, missing } from "./careTeam";

export function CareLine({
  conversation,
  onLook,
}: {
  conversation: ConversationView;
  onLook(): void;
}) {
  const { kind, patient } = conversation;
  const team = useCareTeam(kind === "team" && patient ? patient.id : null);
  if (!team.data) {
    return null;
  }
  return (
    <>
      <Missing conversation={conversation} team={team.data} />
      <Apart conversation={conversation} team={team.data} onLook={onLook} />
    </>
  );
}

function Missing({ conversation, team }: { conversation: ConversationView; team: CareTeam }) {
  const { id: group } = conversation;
  const add = useCall("add_people");
  const people = missing(team, conversation);
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

/** Quiet: whoever is asked for advice may well belong here. */
function Apart({
  conversation,
  team,
  onLook,
}: {
  conversation: ConversationView;
  team: CareTeam;
  onLook(): void;
}) {
  const people = apart(team, conversation);
  if (people.length === 0) {
    return null;
  }
  const names = people.map(({ user }) => user.name).join(", ");
  return (
    <div className={styles.apart} role="status">
      <p>{t.conversation.careTeamApart(names)}</p>
      <Button size="xs" variant="subtle" onClick={onLook}>
        {t.conversation.strangersLook}
      </Button>
    </div>
  );
}
