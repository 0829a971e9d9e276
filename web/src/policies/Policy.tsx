/** One version of the policies: whose it is, what it changes, and its texts. */
import { Button } from "@mantine/core";
import { Check, Pencil, Undo2 } from "lucide-react";
import { useState } from "react";
import { useApi, useMe, usePolicies, usePolicy, usePolicyCheck } from "../core/queries";
import type { PolicyTexts, PolicyVersion } from "../core/wire";
import { Ask } from "../shell/Ask";
import { Empty } from "../shell/Empty";
import { tell, tellFailure } from "../shell/notices";
import { go } from "../shell/routes";
import { Waiting } from "../shell/Waiting";
import { t } from "../texts";
import { moment } from "../texts/time";
import { draftOf } from "./drafts";
import { Files } from "./Files";
import { Findings } from "./Findings";
import { CHANGES, Frame, TO_LIST } from "./Frame";
import { StateTag } from "./Policies";
import styles from "./Policies.module.css";
import { Replay } from "./Replay";
import { WhoCan } from "./WhoCan";
import { historyWords, waitingOf } from "./words";

export default function Policy({ version: number }: { version: number }) {
  const texts = usePolicy(number);
  const policies = usePolicies();
  const me = useMe();
  const changes = me.data?.roles.includes(CHANGES) ?? false;
  const version = texts.data?.version;
  const open = version?.state === "draft" || version?.state === "approved";
  return (
    <Frame title={t.policies.name(number)} back={TO_LIST}>
      {texts.isPending ? <Waiting /> : null}
      {texts.error ? <Empty title={t.failure.title} text={texts.error.message} /> : null}
      {texts.data && version ? (
        <>
          <section className={styles.card} aria-label={t.policies.name(number)}>
            <StateTag state={version.state} />
            {version.summary ? <p className={styles.summary}>{version.summary}</p> : null}
            <ul className={styles.history}>
              {historyWords(version, Date.now()).map((line) => (
                <li key={line}>{line}</li>
              ))}
            </ul>
            <p className={styles.hash}>{t.policies.hash(version.hash)}</p>
            {changes && me.data && policies.data ? (
              <Actions
                version={version}
                waiting={waitingOf(policies.data.versions)}
                user={me.data.user.id}
                onRefused={() => void policies.refetch()}
              />
            ) : null}
          </section>
          <div className={styles.bench}>
            <section className={styles.card} aria-labelledby="files">
              <h2 id="files">{t.policies.files}</h2>
              <Files files={texts.data.files} base={texts.data.files} problems={[]} />
            </section>
            {changes ? (
              <div className={styles.side}>
                {open && policies.data ? (
                  <Compared texts={texts.data} active={policies.data.active} />
                ) : null}
                {open ? <Replay files={texts.data.files} /> : null}
                <WhoCan files={texts.data.files} />
              </div>
            ) : null}
          </div>
        </>
      ) : null}
    </Frame>
  );
}

/** What somebody who approves has to have seen. */
function Compared({ texts, active }: { texts: PolicyTexts; active: number }) {
  const check = usePolicyCheck(texts, active);
  return (
    <section className={styles.card} aria-labelledby="compared">
      <h2 id="compared">{t.policies.compared(t.policies.name(active))}</h2>
      {check.isPending ? <Waiting /> : null}
      {check.error ? <p role="alert">{check.error.message}</p> : null}
      {check.data ? <Findings check={check.data} /> : null}
    </section>
  );
}

function Actions({
  version,
  waiting,
  user,
  onRefused,
}: {
  version: PolicyVersion;
  /** An approved version that waits for its date. */
  waiting: PolicyVersion | null;
  user: string;
  /** Others may have changed the list meanwhile. */
  onRefused(): void;
}) {
  const [asking, setAsking] = useState<"approve" | "withdraw" | "withdraw-other" | null>(null);
  const approve = useApi("approvePolicies");
  const withdraw = useApi("withdrawPolicies");
  const { version: number, state, author, effective_at } = version;
  const name = t.policies.name(number);
  const own = author?.id === user;
  const now = Date.now();
  const held = state === "draft" ? waiting : null;
  const back = asking === "withdraw-other" && waiting ? waiting.version : number;
  const done = (text: string) => () => {
    setAsking(null);
    tell("done", text);
  };
  const refused = (thrown: unknown) => {
    setAsking(null);
    tellFailure(thrown);
    onRefused();
  };
  return (
    <>
      {own && state === "draft" ? <p className={styles.small}>{t.policies.ownHint}</p> : null}
      {held ? (
        <p className={styles.small} role="note">
          {t.policies.waits(t.policies.name(held.version), moment(held.effective_at ?? now, now))}
        </p>
      ) : null}
      <div className={styles.does}>
        {held ? (
          <Button leftSection={<Undo2 aria-hidden />} onClick={() => setAsking("withdraw-other")}>
            {t.policies.withdrawOther(t.policies.name(held.version))}
          </Button>
        ) : null}
        {state === "draft" && !own && !held ? (
          <Button leftSection={<Check aria-hidden />} onClick={() => setAsking("approve")}>
            {t.policies.approve}
          </Button>
        ) : null}
        <Button
          variant="light"
          leftSection={<Pencil aria-hidden />}
          onClick={() => go({ at: "policy-draft", version: number })}
        >
          {draftOf(user, number) ? t.policies.goOn : t.policies.startFrom}
        </Button>
        {state === "draft" || state === "approved" ? (
          <Button
            variant="default"
            leftSection={<Undo2 aria-hidden />}
            onClick={() => setAsking("withdraw")}
          >
            {t.policies.withdraw}
          </Button>
        ) : null}
      </div>
      <Ask
        opened={asking === "approve"}
        title={t.policies.approveTitle(name)}
        text={
          effective_at && effective_at > now
            ? t.policies.approveAt(moment(effective_at, now))
            : t.policies.approveNow
        }
        action={t.policies.approve}
        busy={approve.isPending}
        onNo={() => setAsking(null)}
        onYes={() =>
          approve.mutate(
            { version: number },
            { onSuccess: done(t.policies.isApproved(name)), onError: refused },
          )
        }
      />
      <Ask
        opened={asking === "withdraw" || asking === "withdraw-other"}
        title={t.policies.withdrawTitle(t.policies.name(back))}
        text={t.policies.withdrawText}
        action={t.policies.withdraw}
        busy={withdraw.isPending}
        onNo={() => setAsking(null)}
        onYes={() =>
          withdraw.mutate(
            { version: back },
            { onSuccess: done(t.policies.isWithdrawn(t.policies.name(back))), onError: refused },
          )
        }
      />
    </>
  );
}
