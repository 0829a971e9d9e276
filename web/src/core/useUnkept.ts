/** Asking from a screen for what must not stay in the query cache: the answer goes with the screen. */
import { useEffect, useRef, useState } from "react";
import type { api } from "./api";
import { type Failure, toFailure } from "./failure";
import { askUnkept } from "./queries";

type Asked<N extends keyof typeof api> = Parameters<(typeof api)[N]>[0];
type Answer<N extends keyof typeof api> = Awaited<ReturnType<(typeof api)[N]>>;

export interface Unkept<N extends keyof typeof api> {
  /** To the question asked last; the one before stays until then. */
  answer: Answer<N> | null;
  failure: Failure | null;
  busy: boolean;
  ask(question: Asked<N>): void;
}

export function useUnkept<N extends keyof typeof api>(name: N): Unkept<N> {
  const [answer, setAnswer] = useState<Answer<N> | null>(null);
  const [failure, setFailure] = useState<Failure | null>(null);
  const [busy, setBusy] = useState(false);
  // An answer that comes after a later question, or after the screen is gone, is no answer.
  const last = useRef(0);
  useEffect(
    () => () => {
      last.current += 1;
    },
    [],
  );

  const ask = async (question: Asked<N>) => {
    last.current += 1;
    const own = last.current;
    setBusy(true);
    setFailure(null);
    try {
      const told = await askUnkept(name, question);
      if (own === last.current) {
        setAnswer(told);
        setBusy(false);
      }
    } catch (thrown) {
      if (own === last.current) {
        setFailure(toFailure(thrown));
        setBusy(false);
      }
    }
  };
  return { answer, failure, busy, ask: (question) => void ask(question) };
}
