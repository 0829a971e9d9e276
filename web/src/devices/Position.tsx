/** Whether this device tells roughly where it is at sign-in; not shown where that is of no use. */
import { Checkbox } from "@mantine/core";
import { useState } from "react";
import { Refused } from "../codes/Refused";
import { told } from "../codes/words";
import { type Allowed, askFirst } from "../core/position";
import { useApi, useMe } from "../core/queries";
import { tell } from "../shell/notices";
import { t } from "../texts";
import styles from "./Security.module.css";

export function Position() {
  const me = useMe();
  const use = me.data?.position;
  return use === "on" || use === "off" ? <Switch on={use === "on"} /> : null;
}

function Switch({ on }: { on: boolean }) {
  const allow = useApi("allowPosition");
  const forbid = useApi("forbidPosition");
  const [asking, setAsking] = useState(false);
  const [refused, setRefused] = useState<Exclude<Allowed, "yes"> | null>(null);
  const busy = asking || allow.isPending || forbid.isPending;
  const failure = allow.error ?? forbid.error;
  const lines = refused ? [t.position[refused]] : failure ? [told(failure)] : [];

  const change = async () => {
    if (busy) {
      return;
    }
    allow.reset();
    forbid.reset();
    setRefused(null);
    if (on) {
      forbid.mutate(undefined, { onSuccess: () => tell("done", t.position.off) });
      return;
    }
    setAsking(true);
    const answer = await askFirst();
    setAsking(false);
    if (answer === "yes") {
      allow.mutate(undefined, { onSuccess: () => tell("done", t.position.on) });
    } else {
      setRefused(answer);
    }
  };

  return (
    <section className={styles.card} aria-labelledby="position">
      <h2 id="position">{t.position.title}</h2>
      <p>{t.position.intro}</p>
      <ul className={styles.points}>
        {t.position.points.map((point) => (
          <li key={point}>{point}</li>
        ))}
      </ul>
      <Checkbox
        role="switch"
        size="md"
        label={t.position.label}
        checked={on}
        aria-busy={busy}
        onChange={() => void change()}
      />
      <p role="status">{asking ? t.position.asking : null}</p>
      <Refused lines={lines} />
    </section>
  );
}
