/** Not to be disturbed, for a while. */
import { Button } from "@mantine/core";
import { BellOff } from "lucide-react";
import { useEffect, useState } from "react";
import { useApi, useMe } from "../core/queries";
import styles from "../devices/Security.module.css";
import { tell, tellFailure } from "../shell/notices";
import { t } from "../texts";
import { date } from "../texts/time";
import own from "./Ringing.module.css";

const CHOICES_MIN = [30, 60, 120, 240, 480] as const;

export function Quiet() {
  const until = useQuiet();
  const set = useApi("setQuiet");
  const begin = (minutes: number) => {
    const end = Date.now() + minutes * 60_000;
    set.mutate(
      { until: end },
      {
        onSuccess: () => tell("done", t.quiet.begun(date(end, Date.now()))),
        onError: tellFailure,
      },
    );
  };
  return (
    <section className={styles.card} aria-labelledby="quiet">
      <h2 id="quiet">{t.quiet.title}</h2>
      <p>{t.quiet.intro}</p>
      <p role="status">{until ? t.quiet.on(date(until, Date.now())) : null}</p>
      {until ? (
        <EndQuiet />
      ) : (
        <fieldset className={own.choices}>
          <legend className="visually-hidden">{t.quiet.choices}</legend>
          {CHOICES_MIN.map((minutes) => (
            <Button
              key={minutes}
              variant="default"
              aria-busy={set.isPending}
              onClick={() => begin(minutes)}
            >
              {t.quiet.minutes(minutes)}
            </Button>
          ))}
        </fieldset>
      )}
    </section>
  );
}

/** Stands above all else, so that nobody forgets it. */
export function QuietLine() {
  const until = useQuiet();
  return until ? (
    <section className={own.line} aria-label={t.quiet.lineLabel}>
      <BellOff aria-hidden />
      <p>{t.quiet.line(date(until, Date.now()))}</p>
      <EndQuiet />
    </section>
  ) : null;
}

function EndQuiet() {
  const set = useApi("setQuiet");
  const end = () =>
    set.mutate(
      { until: null },
      { onSuccess: () => tell("done", t.quiet.ended), onError: tellFailure },
    );
  return (
    <Button variant="default" aria-busy={set.isPending} onClick={end}>
      {t.quiet.end}
    </Button>
  );
}

/** Until when the person is not to be disturbed; null from then on. */
function useQuiet(): number | null {
  const until = useMe().data?.quiet_until ?? 0;
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const wait = setTimeout(() => setNow(Date.now()), Math.max(0, until - Date.now()));
    return () => clearTimeout(wait);
  }, [until]);
  return until > now ? until : null;
}
