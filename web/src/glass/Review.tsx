/** One broken glass: who, why, what was read, and what a privacy officer says of it. What the person
 * wrote is asked for each time and kept nowhere. */
import { Button, Textarea } from "@mantine/core";
import { useEffect, useState } from "react";
import { Refused } from "../codes/Refused";
import { told } from "../codes/words";
import { useApi, useStatus } from "../core/queries";
import { useUnkept } from "../core/useUnkept";
import type { Glass, GlassDetail } from "../core/wire";
import officer from "../officer/Officer.module.css";
import { Avatar } from "../shell/Avatar";
import { tell } from "../shell/notices";
import { Waiting } from "../shell/Waiting";
import { t } from "../texts";
import { clock, moment } from "../texts/time";
import { Frame } from "./Frame";
import styles from "./Glass.module.css";
import { lookText, patientText, purposeText } from "./words";

const LONGEST = 500;

export default function Review({ id }: { id: string }) {
  const look = useUnkept("glassOne");
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked once for each page
  useEffect(() => look.ask({ id }), [id]);
  return (
    <Frame title={t.glass.reviews} back={{ to: { at: "glass" }, text: t.glass.backToReviews }}>
      {look.busy && !look.answer ? <Waiting /> : null}
      <div className={styles.column}>
        <Refused lines={look.failure ? [told(look.failure)] : []} />
        {look.answer ? (
          <>
            <Grant detail={look.answer} />
            <Said glass={look.answer.glass} onSaid={() => look.ask({ id })} />
          </>
        ) : null}
      </div>
    </Frame>
  );
}

function Grant({ detail: { glass, looks } }: { detail: GlassDetail }) {
  const now = Date.now();
  return (
    <>
      <section className={officer.card} aria-labelledby="who">
        <h2 id="who">{t.glass.who}</h2>
        <div className={officer.person}>
          <Avatar id={glass.user.id} name={glass.user.name} />
          <div>
            <strong>{glass.user.name}</strong>
            <span>
              {glass.user.role}, {glass.user.department}
            </span>
          </div>
        </div>
        <p>
          {[patientText(glass), glass.patient_mrn ? t.patient.mrn(glass.patient_mrn) : null]
            .filter(Boolean)
            .join(" · ")}
        </p>
        <p>{t.glass.when(moment(glass.at, now), clock(glass.ended_at ?? glass.until))}</p>
      </section>
      <section className={officer.card} aria-labelledby="why">
        <h2 id="why">{t.glass.why}</h2>
        <p>{purposeText(glass)}</p>
        <blockquote className={styles.quote}>{glass.reason}</blockquote>
      </section>
      <section className={officer.card} aria-labelledby="looks">
        <h2 id="looks">{t.glass.looks}</h2>
        {looks.length === 0 ? <p>{t.glass.noLooks}</p> : null}
        <ul className={styles.looks} aria-labelledby="looks">
          {looks.map((each, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the same may be read twice at once
            <li key={at}>
              <span>{lookText(each.action)}</span>
              <time>{clock(each.at)}</time>
            </li>
          ))}
        </ul>
      </section>
    </>
  );
}

function Said({ glass, onSaid }: { glass: Glass; onSaid(): void }) {
  const status = useStatus();
  const review = useApi("reviewGlass");
  const [note, setNote] = useState("");
  const say = (justified: boolean) =>
    review.mutate(
      { id: glass.id, justified, note: note.trim() },
      {
        onSuccess: () => {
          tell("done", t.glass.saved);
          onSaid();
        },
      },
    );
  const own = glass.user.id === status.data?.user?.id;
  return (
    <section className={officer.card} aria-labelledby="review">
      <h2 id="review">{t.glass.review}</h2>
      {glass.outcome !== "waiting" ? (
        <>
          <strong data-outcome={glass.outcome}>{t.glass.outcome[glass.outcome]}</strong>
          {glass.note ? <blockquote className={styles.quote}>{glass.note}</blockquote> : null}
          {glass.reviewed_by ? <p>{glass.reviewed_by.name}</p> : null}
        </>
      ) : own ? (
        <p>{t.glass.ownReview}</p>
      ) : (
        <>
          <Textarea
            label={t.glass.note}
            description={t.glass.noteHint}
            autosize
            minRows={2}
            maxRows={6}
            maxLength={LONGEST}
            value={note}
            onChange={(event) => setNote(event.currentTarget.value)}
          />
          <Refused lines={review.error ? [told(review.error)] : []} />
          <div className={styles.does}>
            <Button
              variant="default"
              disabled={note.trim() === ""}
              loading={review.isPending}
              onClick={() => say(false)}
            >
              {t.glass.notJustify}
            </Button>
            <Button
              disabled={note.trim() === ""}
              loading={review.isPending}
              onClick={() => say(true)}
            >
              {t.glass.justify}
            </Button>
          </div>
        </>
      )}
    </section>
  );
}
