/** Typing one-time codes: large digits, wrong ones told beside the field, waits counted down. */
import { Button, TextInput } from "@mantine/core";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { type Failure, toFailure } from "../core/failure";
import dialog from "../shell/Dialog.module.css";
import { t } from "../texts";
import styles from "./Codes.module.css";
import { codeText, isCode, told, waitSeconds } from "./words";

export function CodeForm({
  labels,
  action,
  words = told,
  onAttempt,
  onCancel,
}: {
  /** One field for each. */
  labels: readonly string[];
  action: string;
  /** How a refusal is told. */
  words?: (failure: Failure) => string;
  /** Fails where a code is not right; what comes after a right one is the caller's. */
  onAttempt(codes: readonly string[]): Promise<unknown>;
  onCancel(): void;
}) {
  const empty = labels.map(() => "");
  const [typed, setTyped] = useState(empty);
  const [unfit, setUnfit] = useState(-1);
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState("");
  const [left, waitFor] = useCountdown();
  const fields = useRef<(HTMLInputElement | null)[]>([]);

  const attempt = async () => {
    setBusy(true);
    setRefused("");
    try {
      await onAttempt(typed);
    } catch (thrown) {
      const failure = toFailure(thrown);
      const seconds = waitSeconds(failure);
      waitFor(seconds);
      setRefused(seconds > 0 ? t.codes.tooMany(seconds) : words(failure));
      // What nobody has looked at, such as without a network, need not be typed again.
      setTyped(failure.problem ? empty : typed);
      fields.current[0]?.focus();
    }
    setBusy(false);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const wrong = typed.findIndex((code) => !isCode(code));
    setUnfit(wrong);
    if (wrong >= 0) {
      setRefused("");
      fields.current[wrong]?.focus();
    } else if (!busy && left === 0) {
      void attempt();
    }
  };
  return (
    <form className={styles.form} onSubmit={submit} noValidate>
      {labels.map((label, at) => (
        <TextInput
          key={label}
          ref={(field) => {
            fields.current[at] = field;
          }}
          label={label}
          inputMode="numeric"
          autoComplete={at === 0 ? "one-time-code" : "off"}
          enterKeyHint={at === labels.length - 1 ? "done" : "next"}
          spellCheck={false}
          classNames={{ label: "field-label", input: `field-input ${styles.digits}` }}
          value={typed[at] ?? ""}
          error={unfit === at ? t.codes.unfit : undefined}
          errorProps={{ role: "alert" }}
          onChange={(event) => {
            const text = codeText(event.currentTarget.value);
            setTyped(typed.map((before, each) => (each === at ? text : before)));
            setUnfit(-1);
          }}
          data-autofocus={at === 0 || undefined}
        />
      ))}
      <p role="alert" className={styles.refused}>
        {refused}
      </p>
      <div className={dialog.actions}>
        <Button variant="default" onClick={onCancel}>
          {t.cancel}
        </Button>
        <Button type="submit" loading={busy} disabled={left > 0}>
          {left > 0 ? t.codes.wait(left) : action}
        </Button>
      </div>
    </form>
  );
}

/** Seconds that are left, and how to begin anew. */
function useCountdown(): [left: number, begin: (seconds: number) => void] {
  const [until, setUntil] = useState(0);
  const [now, setNow] = useState(0);
  useEffect(() => {
    if (until === 0) {
      return undefined;
    }
    const timer = setInterval(() => {
      setNow(Date.now());
      if (Date.now() >= until) {
        setUntil(0);
      }
    }, 250);
    return () => clearInterval(timer);
  }, [until]);
  const begin = (seconds: number) => {
    setNow(Date.now());
    setUntil(seconds > 0 ? Date.now() + seconds * 1_000 : 0);
  };
  return [until > 0 ? Math.max(0, Math.ceil((until - now) / 1_000)) : 0, begin];
}
