import { Loader } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { call } from "../core/core";
import { statusChanged } from "../core/queries";
import { tell } from "../shell/notices";
import { t } from "../texts";
import styles from "./Enroll.module.css";

const POLL_MS = 2_000;

export function ConfirmStep({ confirmation }: { confirmation: string }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);

  const poll = useQuery({
    queryKey: ["enroll_poll"],
    queryFn: () => call("enroll_poll", {}),
    refetchInterval: POLL_MS,
    refetchIntervalInBackground: true,
    gcTime: 0,
  });
  const state = poll.data?.state;
  useEffect(() => {
    if (state === "active" || state === "grace") {
      tell("done", t.enroll.confirmed);
      void statusChanged();
    }
  }, [state]);

  return (
    <section className={styles.form}>
      <h2 ref={heading} tabIndex={-1}>
        {t.enroll.confirmTitle}
      </h2>
      <p>{t.enroll.confirmText}</p>
      <output className={styles.confirmation} aria-label={t.enroll.confirmLabel}>
        {confirmation}
      </output>
      <div className={styles.waiting} role="status">
        <Loader size="sm" color="var(--accent-ink)" aria-hidden />
        <p>
          <strong>{t.enroll.waiting}</strong>
          {t.enroll.waitingHint}
        </p>
      </div>
      {poll.error ? (
        <p className={styles.failure} role="alert">
          {poll.error.message}
        </p>
      ) : null}
    </section>
  );
}
