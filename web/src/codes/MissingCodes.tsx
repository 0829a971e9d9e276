/** Who has fewer factors than their role needs: they are handed out a card before a rule asks for a code that
 * they do not have. */
import { Button, TextInput } from "@mantine/core";
import { Search } from "lucide-react";
import { useDeferredValue, useState } from "react";
import { useFactorsMissing } from "../core/queries";
import type { FactorsMissing } from "../core/wire";
import officer from "../officer/Officer.module.css";
import { Waiting } from "../shell/Waiting";
import { t } from "../texts";
import styles from "./Codes.module.css";
import { shortFitting } from "./words";

/** More are listed when asked for. */
const PAGE = 20;

export function MissingCodes() {
  const missing = useFactorsMissing();
  return (
    <section className={officer.card} aria-labelledby="missing-codes">
      <h2 id="missing-codes">{t.cards.missingTitle}</h2>
      <p>{t.cards.missingHint}</p>
      {missing.isPending ? <Waiting /> : null}
      {missing.error ? <p role="alert">{missing.error.message}</p> : null}
      {missing.data?.total === 0 ? <p role="status">{t.cards.missingNone}</p> : null}
      {missing.data && missing.data.total > 0 ? <List missing={missing.data} /> : null}
    </section>
  );
}

function List({ missing: { people, total } }: { missing: FactorsMissing }) {
  const [text, setText] = useState("");
  const [listed, setListed] = useState(PAGE);
  const fit = shortFitting(people, useDeferredValue(text));
  const page = fit.slice(0, listed);
  return (
    <>
      <p className={styles.needed}>{t.cards.missingCount(total)}</p>
      {people.length > PAGE ? (
        <TextInput
          type="search"
          aria-label={t.cards.missingSearch}
          placeholder={t.cards.missingSearch}
          leftSection={<Search aria-hidden />}
          value={text}
          onChange={(event) => {
            setText(event.currentTarget.value);
            setListed(PAGE);
          }}
        />
      ) : null}
      {fit.length === 0 ? <p role="status">{t.cards.missingNobody}</p> : null}
      <ul className={styles.short} aria-label={t.cards.missingTitle}>
        {page.map(({ user, needed, has }) => (
          <li key={user.id}>
            <strong>{user.name}</strong>
            <span>
              {user.role}, {user.department}
            </span>
            <span>{t.cards.missingOf(has, needed)}</span>
          </li>
        ))}
      </ul>
      {fit.length > page.length ? (
        <Button variant="light" onClick={() => setListed(listed + PAGE)}>
          {t.fleet.more(Math.min(PAGE, fit.length - page.length))}
        </Button>
      ) : null}
      {total > people.length ? <p>{t.cards.missingMore(people.length)}</p> : null}
    </>
  );
}
