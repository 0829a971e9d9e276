/** A look at something of a record that lives in its page alone: it is asked for each time, and is gone when the
 * page is left, when the app goes to the background, and when the store is locked. */
import { useEffect, useState } from "react";
import { flushSync } from "react-dom";
import type { api } from "./api";
import { type Failure, toFailure } from "./failure";
import { askUnkept } from "./queries";

type Asked<N extends keyof typeof api> = Parameters<(typeof api)[N]>[0];
type Answer<N extends keyof typeof api> = Awaited<ReturnType<(typeof api)[N]>>;

export type Look<A> =
  | { is: "asked" }
  | { is: "shown"; answer: A }
  /** It was shown, and the person looked at something else. */
  | { is: "away" }
  | { is: "failed"; failure: Failure };

/** The look, and the way to another one. */
export function useLook<N extends keyof typeof api>(
  name: N,
  question: Asked<N>,
): [Look<Answer<N>>, () => void] {
  const [look, setLook] = useState<Look<Answer<N>>>({ is: "asked" });
  const [looks, setLooks] = useState(1);
  const asked = JSON.stringify(question);

  // biome-ignore lint/correctness/useExhaustiveDependencies: each look asks anew
  useEffect(() => {
    let left = false;
    const shown = (answer: Answer<N>) => {
      if (!left) {
        setLook(isHidden() ? { is: "away" } : { is: "shown", answer });
      }
    };
    const failed = (thrown: unknown) => {
      if (!left) {
        setLook({ is: "failed", failure: toFailure(thrown) });
      }
    };
    const putAway = () => {
      if (isHidden()) {
        // At once: the system takes a picture of the app for its list of apps.
        flushSync(() => setLook((now) => (now.is === "shown" ? { is: "away" } : now)));
      }
    };
    setLook({ is: "asked" });
    askUnkept(name, JSON.parse(asked) as Asked<N>).then(shown, failed);
    document.addEventListener("visibilitychange", putAway);
    return () => {
      left = true;
      document.removeEventListener("visibilitychange", putAway);
    };
  }, [name, asked, looks]);

  return [look, () => setLooks(looks + 1)];
}

function isHidden(): boolean {
  return document.visibilityState === "hidden";
}
