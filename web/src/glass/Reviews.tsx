/** Who broke the glass: for privacy officers, those first that nobody has reviewed. */
import { ChevronRight } from "lucide-react";
import { useGlass } from "../core/queries";
import type { Glass } from "../core/wire";
import { ReviewsPage } from "../looks/ReviewsPage";
import officer from "../officer/Officer.module.css";
import { address } from "../shell/routes";
import { Waiting } from "../shell/Waiting";
import { t } from "../texts";
import { moment } from "../texts/time";
import styles from "./Glass.module.css";
import { dueText, patientText, purposeText } from "./words";

export default function Reviews() {
  const glass = useGlass(true);
  const grants = glass.data?.grants ?? [];
  const waiting = grants.filter(({ outcome }) => outcome === "waiting");
  const reviewed = grants.filter(({ outcome }) => outcome !== "waiting");
  return (
    <ReviewsPage at="glass" title={t.glass.reviews}>
      <p>{t.glass.reviewsHint}</p>
      {glass.isPending ? <Waiting /> : null}
      {glass.error ? <p role="alert">{glass.error.message}</p> : null}
      {glass.data ? (
        <section className={officer.card} aria-labelledby="to-review">
          <h2 id="to-review">{t.glass.waiting}</h2>
          {waiting.length === 0 ? <p role="status">{t.glass.noneWaiting}</p> : null}
          <Grants grants={waiting} label="to-review" />
        </section>
      ) : null}
      {reviewed.length > 0 ? (
        <section className={officer.card} aria-labelledby="reviewed">
          <h2 id="reviewed">{t.glass.reviewed}</h2>
          <Grants grants={reviewed} label="reviewed" />
        </section>
      ) : null}
    </ReviewsPage>
  );
}

function Grants({ grants, label }: { grants: readonly Glass[]; label: string }) {
  const now = Date.now();
  return grants.length > 0 ? (
    <ul className={styles.grants} aria-labelledby={label}>
      {grants.map((each) => (
        <li key={each.id}>
          <a className={styles.row} href={address({ at: "glass-one", id: each.id })}>
            <span className={styles.words}>
              <strong>{each.user.name}</strong>
              <span>
                {each.user.role}, {each.user.department}
              </span>
              <span>{patientText(each)}</span>
              <span>
                {purposeText(each)} · {moment(each.at, now)}
              </span>
              <strong data-outcome={each.outcome} data-overdue={now > each.due_at || undefined}>
                {each.outcome === "waiting" ? dueText(each, now) : t.glass.outcome[each.outcome]}
              </strong>
            </span>
            <ChevronRight aria-hidden />
          </a>
        </li>
      ))}
    </ul>
  ) : null;
}
