/** The way to a hand-over, shortly before a turn ends: to whoever has the next one, in the role's
 * conversation. */
import { Button } from "@mantine/core";
import { useRef } from "react";
import { wantForm } from "../conversation/memory";
import { useCall } from "../core/queries";
import type { ScheduledRole, ScheduledTurn } from "../core/wire";
import { tellFailure } from "../shell/notices";
import { go } from "../shell/routes";
import { t } from "../texts";
import { successor } from "./words";

export function HandOver({
  role,
  turn,
  me,
  now,
}: {
  role: ScheduledRole;
  turn: ScheduledTurn;
  me: string | undefined;
  now: number;
}) {
  const start = useCall("start");
  const begun = useRef(false);
  const next = successor(role.turns, turn, now);
  if (!next || next.user.id === me) {
    return null;
  }
  return (
    <Button
      loading={start.isPending}
      onClick={() => {
        if (begun.current) {
          return;
        }
        begun.current = true;
        start.mutate(
          { users: [next.user.id], role: role.slug },
          {
            onSuccess: ({ group }) => {
              wantForm(group, "ipass");
              go({ at: "conversation", group });
            },
            onError: tellFailure,
            onSettled: () => {
              begun.current = false;
            },
          },
        );
      }}
    >
      {t.onCall.handOver(role.title, next.user.name)}
    </Button>
  );
}
