/** Whether this phone is rung while the app is closed, and whether that works. */
import { Button, Checkbox } from "@mantine/core";
import { BellRing } from "lucide-react";
import { Refused } from "../codes/Refused";
import { ringable } from "../core/push";
import styles from "../devices/Security.module.css";
import { t } from "../texts";
import { useRinging } from "./useRinging";
import { standing } from "./words";

export function Notifications() {
  const { info, busy, asking, tested, refused, turnOn, turnOff, test } = useRinging();
  if (!info) {
    return null;
  }
  const on = info.state !== "off";
  const can = ringable();
  return (
    <section className={styles.card} aria-labelledby="notifications">
      <h2 id="notifications">{t.ringing.title}</h2>
      <p>{t.ringing.intro}</p>
      <p>{t.ringing.limits}</p>
      {can === "yes" || on ? (
        <>
          <Checkbox
            mt="md"
            role="switch"
            size="md"
            label={t.ringing.label}
            checked={on}
            aria-busy={busy}
            onChange={() => void (on ? turnOff() : turnOn(info.public_key))}
          />
          <p role="status">
            {asking ? t.ringing.asking : tested ? said(tested) : standing(info, Date.now())}
          </p>
          {on ? (
            <Button
              mt="sm"
              variant="default"
              leftSection={<BellRing aria-hidden />}
              aria-busy={busy}
              onClick={() => void test()}
            >
              {t.ringing.test}
            </Button>
          ) : null}
        </>
      ) : (
        <p>{t.ringing[can]}</p>
      )}
      <Refused lines={refused ? [refused] : []} />
    </section>
  );
}

function said(tested: "testing" | "rang" | "silent"): string {
  return t.ringing[tested];
}
