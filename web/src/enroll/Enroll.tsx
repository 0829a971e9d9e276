/** Setting up a phone: code, passkey, confirmation. */
import { useState } from "react";
import type { Status } from "../core/methods";
import { useHospital } from "../core/queries";
import type { EnrollStarted } from "../core/wire";
import { Mark } from "../shell/Mark";
import { t } from "../texts";
import { CodeStep } from "./CodeStep";
import { ConfirmStep } from "./ConfirmStep";
import styles from "./Enroll.module.css";
import type { Invitation } from "./link";
import { NoticeStep } from "./NoticeStep";
import { PasskeyStep } from "./PasskeyStep";

export function Enroll({ status, invitation }: { status: Status; invitation: Invitation | null }) {
  const [started, setStarted] = useState<EnrollStarted | null>(null);
  // What was read belongs to the enrolment that showed it.
  const [read, setRead] = useState<string | null>(null);
  const hospital = useHospital(status.stage !== "pending");
  const step = status.stage === "pending" ? 2 : started ? 1 : 0;
  const name = status.hospital ?? hospital.data?.name;
  return (
    <main className={styles.page}>
      <div className={styles.column}>
        <header className={styles.header}>
          <Mark />
          <div>
            <h1>{t.enroll.title}</h1>
            {name ? <p>{t.enroll.hospital(name)}</p> : null}
          </div>
        </header>
        <Steps at={step} />
        {step === 2 ? (
          <ConfirmStep confirmation={status.confirmation ?? ""} />
        ) : started?.privacy_notice && read !== started.privacy_notice.hash ? (
          <NoticeStep
            notice={started.privacy_notice}
            onRead={() => setRead(started.privacy_notice?.hash ?? null)}
          />
        ) : started ? (
          <PasskeyStep started={started} />
        ) : (
          <CodeStep invitation={invitation} onStarted={setStarted} />
        )}
      </div>
    </main>
  );
}

function Steps({ at }: { at: number }) {
  return (
    <ol className={styles.steps} aria-label={t.enroll.stepsLabel}>
      {t.enroll.steps.map((name, index) => (
        <li
          key={name}
          data-state={index < at ? "done" : index === at ? "now" : "later"}
          aria-current={index === at ? "step" : undefined}
        >
          <span className="visually-hidden">
            {t.enroll.step(index + 1, t.enroll.steps.length, name)}
          </span>
          <span aria-hidden>{name}</span>
        </li>
      ))}
    </ol>
  );
}
