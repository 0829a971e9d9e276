/** Looks at charts that somebody should look at, for privacy officers: canaries first, then the likeliest. */
import { Button, SegmentedControl, Switch } from "@mantine/core";
import { ChevronRight } from "lucide-react";
import { useState } from "react";
import { useLooks } from "../core/queries";
import type { LookAtChart, LooksShown } from "../core/wire";
import officer from "../officer/Officer.module.css";
import { address } from "../shell/routes";
import { Waiting } from "../shell/Waiting";
import { t } from "../texts";
import styles from "./Looks.module.css";
import { ReviewsPage } from "./ReviewsPage";
import { patientText, reasonText, weightText, whenText } from "./words";

const SHOWN: readonly LooksShown[] = ["waiting", "asked", "done"];

export default function Looks() {
  const [show, setShow] = useState<LooksShown>("waiting");
  const [canaries, setCanaries] = useState(false);
  const found = useLooks(show, canaries);
  const pages = found.data?.pages ?? [];
  const looks = pages.flatMap((page) => page.looks);
  return (
    <ReviewsPage at="looks" title={t.looks.title}>
      {pages[0] ? <p>{t.looks.hint(pages[0].a_day)}</p> : null}
      <div className={styles.filters}>
        <SegmentedControl
          aria-label={t.looks.show}
          value={show}
          onChange={(value) => setShow(SHOWN.find((each) => each === value) ?? "waiting")}
          data={SHOWN.map((value) => ({ value, label: t.looks.shown[value] }))}
        />
        <Switch
          label={t.looks.onlyCanaries}
          checked={canaries}
          onChange={(event) => setCanaries(event.currentTarget.checked)}
        />
      </div>
      {found.isPending ? <Waiting /> : null}
      {found.error ? <p role="alert">{found.error.message}</p> : null}
      {found.data ? (
        <section className={officer.card} aria-labelledby="looks">
          <h2 id="looks">{t.looks.shown[show]}</h2>
          {looks.length === 0 ? <p role="status">{t.looks.none[show]}</p> : null}
          <Rows looks={looks} />
          {found.hasNextPage ? (
            <Button
              className={styles.more}
              variant="default"
              loading={found.isFetchingNextPage}
              onClick={() => void found.fetchNextPage()}
            >
              {t.looks.more}
            </Button>
          ) : null}
        </section>
      ) : null}
    </ReviewsPage>
  );
}

function Rows({ looks }: { looks: readonly LookAtChart[] }) {
  const now = Date.now();
  return looks.length > 0 ? (
    <ul className={styles.list} aria-labelledby="looks">
      {looks.map((each) => (
        <li key={each.id}>
          <a className={styles.row} href={address({ at: "look", id: each.id })}>
            <span className={styles.words}>
              <strong>{each.user.name}</strong>
              <span>
                {each.user.role}, {each.user.department}
              </span>
              <span>{patientText(each)}</span>
              <span>{reasonText(each)}</span>
              <span>{whenText(each, now)}</span>
              <strong data-canary={each.canary || undefined}>
                {each.outcome === "waiting" || each.outcome === "asked"
                  ? weightText(each)
                  : t.looks.outcome[each.outcome]}
              </strong>
            </span>
            <ChevronRight aria-hidden />
          </a>
        </li>
      ))}
    </ul>
  ) : null;
}
