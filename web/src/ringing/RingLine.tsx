/** At the start of a shift: check that this phone rings. */
import { Button } from "@mantine/core";
import { BellRing } from "lucide-react";
import { useState } from "react";
import { ringable } from "../core/push";
import { useMe } from "../core/queries";
import { t } from "../texts";
import styles from "./Ringing.module.css";
import { useRinging } from "./useRinging";
import { isOfThisShift, isToBeChecked } from "./words";

/** When the person put it off; it comes back in another shift. */
let putOffAt = 0;

export function RingLine() {
  const me = useMe();
  const { info, busy, asking, tested, refused, turnOn, test } = useRinging();
  const [put, setPut] = useState(() => isOfThisShift(putOffAt, Date.now()));
  const due = info !== undefined && isToBeChecked(info, Date.now());
  // What came of it stands until it was read.
  if (put || !me.data?.on_shift || !info || ringable() !== "yes" || !(due || tested)) {
    return null;
  }
  const putOff = () => {
    putOffAt = Date.now();
    setPut(true);
  };
  const off = info.state === "off" || info.state === "gone";
  const result = asking ? t.ringing.asking : tested ? t.ringing[tested] : refused;
  return (
    <section className={styles.line} aria-label={t.ringing.shift.label} data-can-wait>
      <BellRing aria-hidden />
      <p role="status">{result ?? (off ? t.ringing.shift.off : t.ringing.shift.check)}</p>
      <div className={styles.answers}>
        {tested === "rang" ? null : (
          <Button
            variant="default"
            aria-busy={busy}
            onClick={() => void (off ? turnOn(info.public_key) : test())}
          >
            {off ? t.ringing.shift.turnOn : t.ringing.shift.test}
          </Button>
        )}
        <Button variant="subtle" onClick={putOff}>
          {tested === "rang" ? t.done : t.ringing.shift.later}
        </Button>
      </div>
    </section>
  );
}
