/** A role's conversation from before roles were followed stays with whom it has. Said where it is read, with
 * one tap to begin one that follows. */
import { Button } from "@mantine/core";
import type { ConversationView } from "../core/methods";
import { useCall, useRoles, useStatus } from "../core/queries";
import { tellFailure } from "../shell/notices";
import { swap } from "../shell/routes";
import { t } from "../texts";
import styles from "./Conversation.module.css";

export function UnfollowedLine({ conversation }: { conversation: ConversationView }) {
  const { kind, role, role_title, follows } = conversation;
  if (kind !== "role" || !role || follows !== false) {
    return null;
  }
  return <Line conversation={conversation} role={role} title={role_title ?? role} />;
}

function Line({
  conversation,
  role,
  title,
}: {
  conversation: ConversationView;
  role: string;
  title: string;
}) {
  const roles = useRoles();
  const me = useStatus().data?.user?.id;
  const start = useCall("start");
  // Nobody writes to a role that they hold, or that nobody does.
  const held = roles.data?.find(({ slug }) => slug === role)?.holder;
  const patient = conversation.patient?.id;
  return (
    <div className={styles.strangers} role="status">
      <p>{t.conversation.unfollowed(title)}</p>
      {held && held.id !== me ? (
        <div>
          <Button
            size="xs"
            loading={start.isPending}
            onClick={() =>
              start.mutate(
                { users: [], role, ...(patient ? { patient_id: patient } : {}) },
                {
                  onSuccess: ({ group }) => swap({ at: "conversation", group }),
                  onError: tellFailure,
                },
              )
            }
          >
            {t.conversation.writeAnew}
          </Button>
        </div>
      ) : null}
    </div>
  );
}
