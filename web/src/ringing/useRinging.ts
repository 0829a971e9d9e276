/** Having this phone rung, and seeing that it does. */
import { useState } from "react";
import { told } from "../codes/words";
import { api } from "../core/api";
import { toFailure } from "../core/failure";
import { askToRing, unsubscribe } from "../core/push";
import { pushNow, useApi, usePush } from "../core/queries";
import { t } from "../texts";

/** So long a test may take, and so often it is looked for. */
const PATIENCE_MS = 20_000;
const LOOK_MS = 1_000;

export type Tested = "testing" | "rang" | "silent";

export function useRinging() {
  const push = usePush();
  const hand = useApi("subscribePush");
  const stop = useApi("unsubscribePush");
  const [asking, setAsking] = useState(false);
  const [tested, setTested] = useState<Tested | null>(null);
  const [refused, setRefused] = useState<string | null>(null);
  const busy = asking || hand.isPending || stop.isPending || tested === "testing";

  const guarded = async (work: () => Promise<void>) => {
    if (busy) {
      return;
    }
    setRefused(null);
    setTested(null);
    try {
      await work();
    } catch (thrown) {
      setTested(null);
      setRefused(told(toFailure(thrown)));
    }
  };

  const test = async () => {
    setTested("testing");
    const { last_receipt_at: before } = await pushNow();
    await api.testPush();
    setTested((await arrived(before ?? 0)) ? "rang" : "silent");
  };

  return {
    info: push.data,
    busy,
    asking,
    tested,
    refused,
    /** Subscribes and tries it at once. Called from a tap, as browsers want it. */
    turnOn: (key: string) =>
      guarded(async () => {
        setAsking(true);
        const answer = await askToRing(key).finally(() => setAsking(false));
        if ("refused" in answer) {
          setRefused(t.ringing[answer.refused]);
          return;
        }
        await hand.mutateAsync(answer.subscription);
        await test();
      }),
    turnOff: () =>
      guarded(async () => {
        await stop.mutateAsync(undefined);
        await unsubscribe();
      }),
    test: () => guarded(test),
  };
}

/** Whether a wake-up arrives after the last one that did before. */
async function arrived(before: number): Promise<boolean> {
  for (let waited = 0; waited < PATIENCE_MS; waited += LOOK_MS) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    const { last_receipt_at: now } = await pushNow();
    if (now && now > before) {
      return true;
    }
  }
  return false;
}
