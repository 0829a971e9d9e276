/** When messages ring for the person: routine ones at work, and everything off duty. */
import { ActionIcon, Button, NativeSelect, TextInput } from "@mantine/core";
import { Plus, X } from "lucide-react";
import { useState } from "react";
import { Refused } from "../codes/Refused";
import { told } from "../codes/words";
import { toFailure } from "../core/failure";
import { useApi, useMe, useQuietChoice } from "../core/queries";
import type { OffDutyQuiet, QuietChoice, QuietInfo } from "../core/wire";
import styles from "../devices/Security.module.css";
import { tell } from "../shell/notices";
import { address } from "../shell/routes";
import { t } from "../texts";
import own from "./Ringing.module.css";
import { MyStatUse } from "./StatUse";
import { allowed, ringsNext, toMinutes, toTime } from "./words";

const INTERVALS = [15, 30, 60] as const;
const MOST_BREAKS = 12;
/** The roles that see how often the phones of a ward ring. */
const INTERRUPTIONS = ["charge_nurse", "privacy_officer", "security_officer", "operator"];
/** Where somebody begins who chose none yet. */
const FIRST_BREAKS = [10 * 60, 12 * 60 + 30, 15 * 60];

export function Rings() {
  const quiet = useQuietChoice();
  const roles = useMe().data?.roles ?? [];
  const info = quiet.data;
  return info ? (
    <section className={styles.card} aria-labelledby="rings">
      <h2 id="rings">{t.rings.title}</h2>
      <p>{t.rings.intro}</p>
      <p role="status">{ringsNext(info, Date.now())}</p>
      {info.waiting > 0 ? <p>{t.rings.waiting(info.waiting)}</p> : null}
      <Choice info={info} />
      <MyStatUse />
      {INTERRUPTIONS.some((role) => roles.includes(role)) ? (
        <p>
          <a href={address({ at: "interruptions" })}>{t.interruptions.link}</a>
        </p>
      ) : null}
    </section>
  ) : null;
}

function Choice({ info }: { info: QuietInfo }) {
  const { choice } = info;
  const save = useApi("chooseQuiet");
  const [batch, setBatch] = useState(batchOf(choice));
  const [times, setTimes] = useState(
    (choice.breaks.length > 0 ? choice.breaks : FIRST_BREAKS).map(toTime),
  );
  const [offDuty, setOffDuty] = useState<OffDutyQuiet | "">(choice.off_duty ?? "");
  const [refused, setRefused] = useState<string | null>(null);
  const choices = allowed(info);

  const submit = () => {
    setRefused(null);
    const breaks = times.map(toMinutes).filter((minutes) => minutes !== null);
    save.mutate(toChoice(batch, breaks, offDuty), {
      onSuccess: () => tell("done", t.rings.saved),
      onError: (thrown) => setRefused(told(toFailure(thrown))),
    });
  };

  return (
    <form
      className={own.form}
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <NativeSelect
        label={t.rings.batch}
        description={t.rings.longest(info.longest_minutes)}
        value={batch}
        onChange={(event) => setBatch(event.currentTarget.value)}
        data={[
          { value: "hospital", label: t.rings.batches.hospital(info.hospital_minutes) },
          { value: "at_once", label: t.rings.batches.at_once },
          ...INTERVALS.map((minutes) => ({
            value: String(minutes),
            label: t.rings.batches.every(minutes),
          })),
          { value: "breaks", label: t.rings.batches.breaks },
        ]}
      />
      {batch === "breaks" ? <Breaks times={times} onChange={setTimes} /> : null}
      <NativeSelect
        label={t.rings.offDuty}
        description={choices.length < 3 ? t.rings.bounded : t.rings.offDutyHint}
        value={offDuty}
        onChange={(event) => setOffDuty(event.currentTarget.value as OffDutyQuiet | "")}
        data={[
          {
            value: "",
            label: t.rings.hospital(t.rings.offDutyChoice[info.hospital_off_duty]),
          },
          ...choices.map((each) => ({ value: each, label: t.rings.offDutyChoice[each] })),
        ]}
      />
      <div>
        <Button type="submit" aria-busy={save.isPending}>
          {t.rings.save}
        </Button>
      </div>
      <Refused lines={refused ? [refused] : []} />
    </form>
  );
}

function Breaks({
  times,
  onChange,
}: {
  times: readonly string[];
  onChange(times: string[]): void;
}) {
  return (
    <fieldset className={own.breaks}>
      <legend>{t.rings.breaks}</legend>
      {times.map((time, place) => (
        // A time is known by its place: two may be alike while one is typed.
        // biome-ignore lint/suspicious/noArrayIndexKey: see above
        <span key={place} className={own.break}>
          <TextInput
            type="time"
            required
            aria-label={t.rings.breakAt(place + 1)}
            value={time}
            onChange={(event) => onChange(times.with(place, event.currentTarget.value))}
          />
          {times.length > 1 ? (
            <ActionIcon
              aria-label={t.rings.removeBreak(time)}
              onClick={() => onChange(times.filter((_, other) => other !== place))}
            >
              <X aria-hidden />
            </ActionIcon>
          ) : null}
        </span>
      ))}
      {times.length < MOST_BREAKS ? (
        <Button
          variant="subtle"
          leftSection={<Plus aria-hidden />}
          onClick={() => onChange([...times, "17:00"])}
        >
          {t.rings.addBreak}
        </Button>
      ) : null}
    </fieldset>
  );
}

function batchOf({ batch, minutes }: QuietChoice): string {
  return batch === "every" ? String(minutes ?? 30) : batch;
}

function toChoice(batch: string, breaks: number[], offDuty: OffDutyQuiet | ""): QuietChoice {
  const off_duty = offDuty === "" ? null : offDuty;
  if (batch === "breaks") {
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    return { batch, breaks, zone, off_duty };
  }
  if (batch === "hospital" || batch === "at_once") {
    return { batch, breaks: [], off_duty };
  }
  return { batch: "every", minutes: Number(batch), breaks: [], off_duty };
}
