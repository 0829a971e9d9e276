/** Taking a STAT message, with one tap wherever it is offered. */
import { call } from "../core/core";
import { toFailure } from "../core/failure";
import { useApi } from "../core/queries";
import { tell, tellFailure } from "../shell/notices";
import { go } from "../shell/routes";
import { type Ask, tookIt } from "./timeline";
import { useItsMessage } from "./useItsMessage";

export interface Asked {
  ask: Ask;
  /** Whether the conversation is on this device. */
  here: boolean;
  /** Whether nothing else of its message waits for this person. */
  alone: boolean;
}

export function useTake({ ask, here, alone }: Asked): { take(): void; taking: boolean } {
  const { mutateAsync, isPending } = useApi("takeStat");
  const { message } = useItsMessage(ask.page);
  const take = async () => {
    const taken = await Promise.allSettled(ask.pages.map(({ id }) => mutateAsync({ id })));
    // One that somebody else took in the same second takes nothing from the others.
    const refused = taken.find((each) => each.status === "rejected");
    if (refused) {
      tellFailure(toFailure(refused.reason));
      return;
    }
    tell("done", tookIt(ask));
    if (here && alone) {
      // That the message says the same here at once. What came up a chain is answered by itself.
      const { group, seq } = ask.page;
      call("acknowledge", { group, up_to: seq }).catch(() => undefined);
      if (message?.expires === "read") {
        // It counts as read from now on, and no card says what it is about.
        go({ at: "conversation", group, message: seq });
      }
    }
  };
  return { take: () => void take(), taking: isPending };
}
