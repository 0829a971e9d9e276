/** Tells that the care team of a conversation changed, where that is not on the screen. */
import { useEffect } from "react";
import { listen } from "../core/core";
import { useConversations } from "../core/queries";
import { tell } from "../shell/notices";
import { t } from "../texts";

export function useCareNews(current: string | null): void {
  const { data } = useConversations();
  useEffect(
    () =>
      listen((event) => {
        if (event.t !== "care_team" || event.group === current) {
          return;
        }
        const of = data?.find(({ id }) => id === event.group);
        if (of) {
          tell("done", t.conversation.careTeamChanged(of.title));
        }
      }),
    [current, data],
  );
}
