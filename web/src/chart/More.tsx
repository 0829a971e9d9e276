/** What is in the record besides: that it is there, and what opens it. */
import { Button } from "@mantine/core";
import { Fingerprint, Lock } from "lucide-react";
import { useState } from "react";
import { proveFor } from "../core/core";
import { toFailure } from "../core/failure";
import { sentences } from "../core/proof";
import type { ChartWithheld } from "../core/wire";
import { BreakButton } from "../glass/BreakButton";
import { tellFailure } from "../shell/notices";
import { t } from "../texts";
import styles from "./Chart.module.css";
import { kindsText, more, type More as Together } from "./words";

export function More({
  patient,
  withheld,
  inPart,
  onOpened,
}: {
  patient: string;
  withheld: readonly ChartWithheld[];
  inPart: boolean;
  /** Something was proven, or the glass was broken. The chart is asked for anew by itself. */
  onOpened?(): void;
}) {
  const all = more(withheld);
  if (all.length === 0 && !inPart) {
    return null;
  }
  return (
    <section className={styles.more} aria-label={t.chart.more}>
      {inPart ? <p>{t.chart.inPart}</p> : null}
      {all.map((each) => (
        <Withheld
          key={`${each.why} ${each.methods.join(" ")} ${each.scopes.join(" ")} ${each.byGlass}`}
          patient={patient}
          more={each}
          {...(onOpened ? { onOpened } : {})}
        />
      ))}
    </section>
  );
}

function Withheld({
  patient,
  more: { kinds, why, methods, scopes, byGlass },
  onOpened,
}: {
  patient: string;
  more: Together;
  onOpened?(): void;
}) {
  const [busy, setBusy] = useState(false);
  const provable = methods.length > 0;
  const ask = async () => {
    setBusy(true);
    try {
      // The chart is asked for anew once something is proven.
      await proveFor({
        methods: [...methods],
        scopes: [...scopes],
        advice: why ? [why] : [],
      });
      onOpened?.();
    } catch (thrown) {
      tellFailure(toFailure(thrown));
    } finally {
      setBusy(false);
    }
  };
  return (
    <div>
      {provable ? <Fingerprint aria-hidden /> : <Lock aria-hidden />}
      <p>
        <strong>{t.chart.moreOf(kindsText(kinds))}</strong>{" "}
        {why ? sentences([why]).join(" ") : t.chart.roleSeesNot}
      </p>
      {provable ? (
        <Button variant="light" loading={busy} onClick={() => void ask()}>
          {t.chart.ask}
        </Button>
      ) : byGlass ? (
        <BreakButton patient={patient} {...(onOpened ? { onBroken: onOpened } : {})} />
      ) : null}
    </div>
  );
}
