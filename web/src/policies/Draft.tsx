/** Changing policies: written, checked, tried on what was asked lately, and proposed. */
import { Button } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import { useApi, useMe, usePolicies, usePolicy } from "../core/queries";
import type { PolicyCheck, PolicyFile, PolicyProblem, PolicyTexts } from "../core/wire";
import { Ask } from "../shell/Ask";
import { Empty } from "../shell/Empty";
import { tell } from "../shell/notices";
import { go } from "../shell/routes";
import { Waiting } from "../shell/Waiting";
import { t } from "../texts";
import { draftOf, dropDraft, keepDraft } from "./drafts";
import { Files, type Jump } from "./Files";
import { Findings } from "./Findings";
import { CHANGES, Frame, TO_LIST } from "./Frame";
import styles from "./Policies.module.css";
import { Propose } from "./Propose";
import { Replay } from "./Replay";
import { WhoCan } from "./WhoCan";
import { keyOf, sameFiles } from "./words";

export default function Draft({ version }: { version: number }) {
  const texts = usePolicy(version);
  const policies = usePolicies();
  const me = useMe();
  const failure = texts.error ?? policies.error ?? me.error;
  const ready = texts.data && policies.data && me.data;
  const changes = me.data?.roles.includes(CHANGES) ?? false;
  return (
    <Frame title={t.policies.draftTitle(t.policies.name(version))} back={TO_LIST}>
      {failure ? <Empty title={t.failure.title} text={failure.message} /> : null}
      {ready || failure ? null : <Waiting />}
      {ready && !changes ? <Empty title={t.policies.notYours} /> : null}
      {ready && changes ? (
        <Bench user={me.data.user.id} from={texts.data} active={policies.data.active} />
      ) : null}
    </Frame>
  );
}

function Bench({ user, from: begun, active }: { user: string; from: PolicyTexts; active: number }) {
  // What the draft began with stays, whatever is asked anew meanwhile.
  const [from] = useState(begun);
  const { version } = from.version;
  const [draft, setDraft] = useState(
    () => draftOf(user, version) ?? { files: from.files, summary: "" },
  );
  const [jump, setJump] = useState<Jump | null>(null);
  const [checked, setChecked] = useState<string | null>(null);
  const [discarding, setDiscarding] = useState(false);
  const check = useApi("checkPolicies");
  const { files } = draft;
  const changed = !sameFiles(files, from.files) || draft.summary.trim() !== "";
  const isChecked = check.isSuccess && checked === keyOf(files);

  const keep = (next: typeof draft) => {
    setDraft(next);
    if (sameFiles(next.files, from.files) && next.summary.trim() === "") {
      dropDraft(user, version);
    } else {
      keepDraft(user, version, next);
    }
  };
  const look = (texts: readonly PolicyFile[]) => {
    setChecked(keyOf(texts));
    check.mutate({ files: texts, against: active });
  };
  const showPlace = (to: PolicyProblem) => setJump({ to });
  return (
    <div className={styles.bench}>
      <section className={`${styles.card} ${styles.stays}`} aria-labelledby="files">
        <div className={styles.head}>
          <h2 id="files">{t.policies.files}</h2>
          {changed ? (
            <Button variant="subtle" color="red" onClick={() => setDiscarding(true)}>
              {t.policies.discard}
            </Button>
          ) : null}
        </div>
        <Files
          files={files}
          base={from.files}
          problems={isChecked ? (check.data?.problems ?? []) : []}
          jump={jump}
          onJumped={() => setJump(null)}
          onChange={(next) => keep({ ...draft, files: next })}
        />
      </section>
      <div className={styles.side}>
        <section className={styles.card} aria-labelledby="check">
          <h2 id="check">{t.policies.check}</h2>
          <p>{t.policies.checkHint}</p>
          <Button loading={check.isPending} onClick={() => look(files)}>
            {t.policies.check}
          </Button>
          {check.error ? (
            <p className={styles.wrong} role="alert">
              {check.error.message}
            </p>
          ) : null}
          {check.data && checked !== keyOf(files) ? (
            <p className={styles.outdated}>{t.policies.checkAgain}</p>
          ) : null}
          {isChecked && check.data ? <Checked check={check.data} onJump={showPlace} /> : null}
        </section>
        <Replay files={files} />
        <WhoCan files={files} />
        <Propose
          draft={draft}
          check={isChecked ? (check.data ?? null) : null}
          onSummary={(summary) => keep({ ...draft, summary })}
          onInvalid={() => look(files)}
          onProposed={(proposed) => {
            dropDraft(user, version);
            tell("done", t.policies.isProposed(t.policies.name(proposed)));
            go({ at: "policy", version: proposed });
          }}
        />
      </div>
      <Ask
        opened={discarding}
        title={t.policies.discardTitle}
        text={t.policies.discardText}
        action={t.policies.discard}
        busy={false}
        onNo={() => setDiscarding(false)}
        onYes={() => {
          dropDraft(user, version);
          go({ at: "policies" });
        }}
      />
    </div>
  );
}

/** What came of a check, read out and brought into view. */
function Checked({ check, onJump }: { check: PolicyCheck; onJump(to: PolicyProblem): void }) {
  const box = useRef<HTMLElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each check is brought into view
  useEffect(() => {
    box.current?.focus({ preventScroll: true });
    box.current?.scrollIntoView({ block: "nearest" });
  }, [check]);
  return (
    <section ref={box} className={styles.checked} aria-label={t.policies.checkResult} tabIndex={-1}>
      <Findings check={check} onJump={onJump} />
    </section>
  );
}
