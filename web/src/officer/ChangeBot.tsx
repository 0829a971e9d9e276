/** Changing what a bot may do. It holds from its next request on, and for what is open. */
import { Button } from "@mantine/core";
import { useState } from "react";
import { Refused } from "../codes/Refused";
import { told } from "../codes/words";
import { toFailure } from "../core/failure";
import { useApi } from "../core/queries";
import type { BotInfo } from "../core/wire";
import { tell } from "../shell/notices";
import { t } from "../texts";
import styles from "./Officer.module.css";
import { ScopeFields } from "./ScopeFields";
import { draftOf, scopeOf } from "./scope";

export function ChangeBot({ bot, onDone }: { bot: BotInfo; onDone(): void }) {
  const { user, scope } = bot;
  const [draft, setDraft] = useState(() => draftOf(bot));
  const change = useApi("changeBot");
  return (
    <form
      className={styles.form}
      aria-label={t.integrations.changeOf(user.name)}
      onSubmit={(event) => {
        event.preventDefault();
        change.mutate(
          { id: user.id, ...scopeOf(draft) },
          {
            onSuccess: () => {
              tell("done", t.integrations.changed(user.name));
              onDone();
            },
          },
        );
      }}
    >
      <ScopeFields draft={draft} onChange={setDraft} />
      {scope.reads && !draft.reads ? <p>{t.integrations.stopsReading}</p> : null}
      {!scope.reads && draft.reads ? <p>{t.integrations.startsReading}</p> : null}
      <Refused lines={change.error ? [told(toFailure(change.error))] : []} />
      <Button type="submit" fullWidth loading={change.isPending}>
        {t.integrations.saveChange}
      </Button>
      <Button variant="default" fullWidth onClick={onDone}>
        {t.integrations.keep}
      </Button>
    </form>
  );
}
