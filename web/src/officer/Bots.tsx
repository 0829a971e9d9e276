/** Bots: which there are, what each may do, and one more. */
import { Button } from "@mantine/core";
import { useState } from "react";
import { useApi } from "../core/queries";
import type { BotInfo, Invite } from "../core/wire";
import { Invitation } from "../devices/Invitation";
import { Ask } from "../shell/Ask";
import { Avatar } from "../shell/Avatar";
import { BotTag } from "../shell/BotTag";
import { tellFailure } from "../shell/notices";
import { t } from "../texts";
import { moment } from "../texts/time";
import { ChangeBot } from "./ChangeBot";
import styles from "./Officer.module.css";
import { RegisterBot } from "./RegisterBot";

export function Bots({ bots }: { bots: readonly BotInfo[] }) {
  const [registering, setRegistering] = useState(false);
  const [made, setMade] = useState<{ invite: Invite; name: string } | null>(null);
  const [disabling, setDisabling] = useState<BotInfo | null>(null);
  const disable = useApi("disableBot");
  return (
    <section className={styles.card} aria-labelledby="bots">
      <h2 id="bots">{t.integrations.bots}</h2>
      <p>{t.integrations.botsHint}</p>
      {made ? (
        <>
          <p role="status">{t.integrations.ready(made.name)}</p>
          <Invitation invite={made.invite} name={made.name} />
          <Button variant="light" onClick={() => setMade(null)}>
            {t.integrations.done}
          </Button>
        </>
      ) : null}
      {bots.length === 0 ? (
        <p>{t.integrations.botsNone}</p>
      ) : (
        <ul aria-label={t.integrations.list}>
          {bots.map((bot) => (
            <Row key={bot.user.id} bot={bot} onDisable={() => setDisabling(bot)} />
          ))}
        </ul>
      )}
      {registering ? (
        <RegisterBot
          onMade={(invite, name) => {
            setMade({ invite, name });
            setRegistering(false);
          }}
        />
      ) : (
        <Button variant="light" onClick={() => setRegistering(true)}>
          {t.integrations.register}
        </Button>
      )}
      <Ask
        opened={disabling !== null}
        title={t.integrations.disableTitle(disabling?.user.name ?? "")}
        text={t.integrations.disableText}
        action={t.integrations.disable}
        busy={disable.isPending}
        onNo={() => setDisabling(null)}
        onYes={() => {
          if (disabling) {
            disable.mutate(
              { id: disabling.user.id },
              { onError: tellFailure, onSettled: () => setDisabling(null) },
            );
          }
        }}
      />
    </section>
  );
}

function Row({ bot, onDisable }: { bot: BotInfo; onDisable(): void }) {
  const { user, owner, scope, disabled_at } = bot;
  const [changing, setChanging] = useState(false);
  return (
    <li className={styles.recovery}>
      <div className={styles.person}>
        <Avatar id={user.id} name={user.name} />
        <div>
          <strong>
            {user.name} <BotTag />
          </strong>
          <span>{t.integrations.ownedBy(owner.name)}</span>
        </div>
      </div>
      <span>
        {disabled_at
          ? t.integrations.disabled(moment(disabled_at, Date.now()))
          : [
              t.integrations.scope[scope.highest],
              scope.reads ? t.integrations.readsToo : t.integrations.writesOnly,
              t.integrations.rate(bot.per_minute),
              ...(scope.care_teams ? [t.integrations.bringsCareTeams] : []),
              ...(scope.results ? [t.integrations.tellsResults] : []),
              ...scope.roles,
              ...(bot.devices === 0 ? [t.integrations.noDevice] : []),
            ].join(", ")}
      </span>
      {disabled_at ? null : (
        <div className={styles.does}>
          <Button
            variant="subtle"
            aria-label={t.integrations.changeOf(user.name)}
            aria-expanded={changing}
            onClick={() => setChanging(!changing)}
          >
            {t.integrations.change}
          </Button>
          <Button
            variant="subtle"
            color="red"
            aria-label={t.integrations.disableOf(user.name)}
            onClick={onDisable}
          >
            {t.integrations.disable}
          </Button>
        </div>
      )}
      {changing && !disabled_at ? <ChangeBot bot={bot} onDone={() => setChanging(false)} /> : null}
    </li>
  );
}
