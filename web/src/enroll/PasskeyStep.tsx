import { Button } from "@mantine/core";
import { CircleAlert, Fingerprint } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { call } from "../core/core";
import { type Failure, toFailure } from "../core/failure";
import { createPasskey } from "../core/passkey";
import { statusChanged } from "../core/queries";
import type { EnrollStarted } from "../core/wire";
import { Avatar } from "../shell/Avatar";
import { tell } from "../shell/notices";
import { t } from "../texts";
import styles from "./Enroll.module.css";

export function PasskeyStep({ started }: { started: EnrollStarted }) {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Failure | null>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);

  const make = async () => {
    setBusy(true);
    setFailure(null);
    try {
      const salts = await call("prf_salts", {});
      const ceremony = await createPasskey(started.creation, salts);
      await call("enroll_finish", {
        ...ceremony,
        ...(started.privacy_notice ? { accepted_notice: started.privacy_notice.hash } : {}),
      });
      if (ceremony.prf_first === null) {
        tell("problem", t.enroll.memoryOnly);
      }
      // A browser that is short of room clears what it may, and this phone would be a new one.
      await navigator.storage?.persist?.().catch(() => false);
      await statusChanged();
    } catch (thrown) {
      setFailure(toFailure(thrown));
      setBusy(false);
    }
  };

  return (
    <section className={styles.form}>
      <h2 ref={heading} tabIndex={-1}>
        {t.enroll.greeting(started.user.name)}
      </h2>
      <div className={styles.person}>
        <Avatar id={started.user.id} name={started.user.name} />
        <div>
          <strong>{started.user.role}</strong>
          <span>{started.user.department}</span>
        </div>
      </div>
      <p>{t.enroll.passkeyText}</p>
      <p>{t.enroll.wrongPerson}</p>
      {failure ? (
        <p className={styles.failure} role="alert">
          <CircleAlert aria-hidden />
          {failure.message}
        </p>
      ) : null}
      <div className={styles.actions}>
        <Button
          size="lg"
          h="3.25rem"
          leftSection={<Fingerprint aria-hidden />}
          loading={busy}
          onClick={() => void make()}
        >
          {t.enroll.passkeyAction}
        </Button>
      </div>
    </section>
  );
}
