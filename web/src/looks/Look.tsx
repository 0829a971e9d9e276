/** One look at a chart: who, what was done, what speaks for snooping, and what came of it. It is asked for each
 * time and kept nowhere. */
import { Button, Textarea } from "@mantine/core";
import { useEffect, useState } from "react";
import { Refused } from "../codes/Refused";
import { told } from "../codes/words";
import { useApi } from "../core/queries";
import { useUnkept } from "../core/useUnkept";
import type { LookAtChart, LookOutcome } from "../core/wire";
import { Frame } from "../glass/Frame";
import glass from "../glass/Glass.module.css";
import officer from "../officer/Officer.module.css";
import { Avatar } from "../shell/Avatar";
import { tell } from "../shell/notices";
import { Waiting } from "../shell/Waiting";
import { t } from "../texts";
import { moment } from "../texts/time";
import styles from "./Looks.module.css";
import { patientText, weightText, whenText } from "./words";

const LONGEST = 500;

export default function Look({ id }: { id: string }) {
  const look = useUnkept("look");
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked once for each page
  useEffect(() => look.ask({ id }), [id]);
  return (
    <Frame title={t.looks.title} back={{ to: { at: "looks" }, text: t.looks.back }}>
      {look.busy && !look.answer ? <Waiting /> : null}
      <div className={glass.column}>
        <Refused lines={look.failure ? [told(look.failure)] : []} />
        {look.answer ? (
          <>
            <What look={look.answer} />
            <Said look={look.answer} onSaid={() => look.ask({ id })} />
          </>
        ) : null}
      </div>
    </Frame>
  );
}

function What({ look }: { look: LookAtChart }) {
  const now = Date.now();
  return (
    <>
      <section className={officer.card} aria-labelledby="who">
        <h2 id="who">{t.looks.who}</h2>
        <div className={officer.person}>
          <Avatar id={look.user.id} name={look.user.name} />
          <div>
            <strong>{look.user.name}</strong>
            <span>
              {look.user.role}, {look.user.department}
            </span>
          </div>
        </div>
        <p>
          {[patientText(look), look.patient_mrn ? t.patient.mrn(look.patient_mrn) : null]
            .filter(Boolean)
            .join(" · ")}
        </p>
        <p>{whenText(look, now)}</p>
      </section>
      <section className={officer.card} aria-labelledby="what">
        <h2 id="what">{t.looks.what}</h2>
        <ul className={styles.signs} aria-labelledby="what">
          {look.ways.map((way) => (
            <li key={way}>{t.looks.ways[way]}</li>
          ))}
        </ul>
      </section>
      <section className={officer.card} aria-labelledby="signs">
        <h2 id="signs">{t.looks.signs}</h2>
        <strong>{weightText(look)}</strong>
        <p>{look.canary ? t.looks.ofCanary : t.looks.signsHint}</p>
        {look.signs.length > 0 ? (
          <ul className={styles.signs} aria-labelledby="signs">
            {look.signs.map((sign) => (
              <li key={sign.name}>{sign.sentence}</li>
            ))}
          </ul>
        ) : (
          <p>{t.looks.noSigns}</p>
        )}
        <h3>{t.looks.explained}</h3>
        <p>{look.explained ?? t.looks.unexplained}</p>
      </section>
    </>
  );
}

function Said({ look, onSaid }: { look: LookAtChart; onSaid(): void }) {
  const review = useApi("reviewLook");
  const [note, setNote] = useState("");
  const say = (outcome: Exclude<LookOutcome, "waiting">) =>
    review.mutate(
      { id: look.id, outcome, note: note.trim() },
      {
        onSuccess: () => {
          tell("done", t.looks.saved);
          setNote("");
          onSaid();
        },
      },
    );
  const open = look.outcome === "waiting" || look.outcome === "asked";
  const empty = note.trim() === "";
  return (
    <section className={officer.card} aria-labelledby="decide">
      <h2 id="decide">{t.looks.decide}</h2>
      {look.outcome === "waiting" ? null : (
        <>
          <strong>{t.looks.outcome[look.outcome]}</strong>
          {look.note ? <blockquote className={glass.quote}>{look.note}</blockquote> : null}
          {look.reviewed_by && look.reviewed_at ? (
            <p>
              {look.reviewed_by.name}, {moment(look.reviewed_at, Date.now())}
            </p>
          ) : null}
        </>
      )}
      {open ? (
        <>
          <Textarea
            label={t.looks.note}
            description={t.looks.noteHint}
            autosize
            minRows={2}
            maxRows={6}
            maxLength={LONGEST}
            value={note}
            onChange={(event) => setNote(event.currentTarget.value)}
          />
          <Refused lines={review.error ? [told(review.error)] : []} />
          <div className={glass.does}>
            <Button variant="default" loading={review.isPending} onClick={() => say("fine")}>
              {t.looks.say.fine}
            </Button>
            {look.outcome === "waiting" ? (
              <Button
                variant="default"
                disabled={empty}
                loading={review.isPending}
                onClick={() => say("asked")}
              >
                {t.looks.say.asked}
              </Button>
            ) : null}
            <Button disabled={empty} loading={review.isPending} onClick={() => say("followed_up")}>
              {t.looks.say.followed_up}
            </Button>
          </div>
        </>
      ) : null}
    </section>
  );
}
