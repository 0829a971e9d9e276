/** One's own sign-ins: those that looked unusual, and the last of the others. */
import { useRef } from "react";
import { useOwnSignIns } from "../core/queries";
import security from "../devices/Security.module.css";
import { Waiting } from "../shell/Waiting";
import { t } from "../texts";
import styles from "./Risk.module.css";
import { SignIns } from "./SignIns";
import { isUnusual } from "./words";

/** So many that were not unusual are listed. */
const OTHERS = 5;

export function MySignIns() {
  const signIns = useOwnSignIns();
  const heading = useRef<HTMLHeadingElement>(null);
  const toHeading = () => heading.current?.focus();
  const all = signIns.data ?? [];
  const unusual = all.filter(isUnusual);
  const others = all.filter((each) => !isUnusual(each)).slice(0, OTHERS);
  return (
    <section className={security.card} aria-labelledby="sign-ins">
      <h2 id="sign-ins" ref={heading} tabIndex={-1}>
        {t.signIns.title}
      </h2>
      {signIns.isPending ? <Waiting /> : null}
      {signIns.error ? <p role="alert">{signIns.error.message}</p> : null}
      {signIns.data ? <p>{unusual.length > 0 ? t.signIns.intro : t.signIns.none}</p> : null}
      {unusual.length > 0 ? (
        <SignIns signIns={unusual} of="own" label={t.signIns.unusual} onAnswered={toHeading} />
      ) : null}
      {others.length > 0 ? (
        <details className={styles.others}>
          <summary>{t.signIns.others(others.length)}</summary>
          <SignIns signIns={others} of="own" label={t.signIns.othersList} onAnswered={toHeading} />
        </details>
      ) : null}
    </section>
  );
}
