/** Changing a program: tried on the fleet first, then saved. */
import { Button, TextInput } from "@mantine/core";
import { useEffect, useId, useRef, useState } from "react";
import { useApi, usePrograms } from "../core/queries";
import type { CheckKind, Count, DryRun, ProgramInfo } from "../core/wire";
import { tell } from "../shell/notices";
import { address } from "../shell/routes";
import { t } from "../texts";
import { blank, type Draft, type DraftRule, draftOf, draftRule, termsOf } from "./edit";
import { Stand } from "./Programs";
import styles from "./Programs.module.css";
import { Warnings } from "./Warnings";
import { KINDS, PLATFORMS, PROVENANCES, platformName } from "./words";

/** The most devices that a dry run names. */
const MOST_NAMED = 50;

export function Editor({ info, onDone }: { info: ProgramInfo; onDone(): void }) {
  // What the change is made from stays, when someone else changes the program meanwhile.
  const [from] = useState(info);
  const [draft, setDraft] = useState<Draft>(() => draftOf(from.terms));
  const [tried, setTried] = useState<string | null>(null);
  const dryRun = useApi("dryRun");
  const save = useApi("changeProgram");
  const made = termsOf(from.terms, draft);
  const terms = "terms" in made ? made.terms : null;
  const text = terms ? JSON.stringify(terms) : null;
  const same = text === JSON.stringify(draftedFrom(from.terms));
  const isTried = tried !== null && tried === text && dryRun.isSuccess;
  const change = terms && !same ? { version: from.version, terms } : null;
  const failure = save.error ?? dryRun.error;
  const setRule = (at: number, rule: DraftRule) =>
    setDraft({ ...draft, rules: draft.rules.map((each, i) => (i === at ? rule : each)) });

  return (
    <>
      <Limits draft={draft} onChange={setDraft} />
      <section className={styles.card} aria-labelledby="rules">
        <h2 id="rules">{t.programs.rules}</h2>
        <ol className={styles.rules}>
          {draft.rules.map((rule, at) => (
            <RuleFields key={rule.id} rule={rule} onChange={(next) => setRule(at, next)} />
          ))}
        </ol>
        <AddRule
          onAdd={(kind) =>
            setDraft({ ...draft, rules: [...draft.rules, draftRule(blank(kind, draft.rules))] })
          }
        />
      </section>
      {isTried && dryRun.data ? <Result result={dryRun.data} /> : null}
      <section className={`${styles.card} ${styles.decide}`} aria-label={t.programs.decide}>
        {"wrong" in made ? (
          <p className={styles.wrong} role="alert">
            {made.wrong}
          </p>
        ) : null}
        {failure?.code === "changed-meanwhile" ? (
          <Meanwhile onDone={onDone} />
        ) : failure ? (
          <p className={styles.wrong} role="alert">
            {failure.message}
          </p>
        ) : null}
        <p className={styles.small}>
          {same ? t.programs.unchanged : isTried ? null : t.programs.tryFirst}
        </p>
        <div className={styles.actions}>
          <Button variant="default" onClick={onDone}>
            {t.cancel}
          </Button>
          <Button
            variant="light"
            disabled={!change}
            loading={dryRun.isPending}
            onClick={() => {
              if (change) {
                save.reset();
                setTried(text);
                dryRun.mutate(change);
              }
            }}
          >
            {t.programs.try}
          </Button>
          <Button
            disabled={!isTried || !change}
            loading={save.isPending}
            onClick={() => {
              if (change) {
                save.mutate(change, {
                  onSuccess: () => {
                    tell("done", t.programs.saved);
                    onDone();
                  },
                });
              }
            }}
          >
            {t.programs.save}
          </Button>
        </div>
      </section>
    </>
  );
}

/** The terms as an unchanged draft gives them back, with the same fields in the same order. */
function draftedFrom(terms: ProgramInfo["terms"]) {
  const made = termsOf(terms, draftOf(terms));
  return "terms" in made ? made.terms : terms;
}

function Meanwhile({ onDone }: { onDone(): void }) {
  const programs = usePrograms();
  return (
    <div className={styles.wrong} role="alert">
      <p>{t.programs.meanwhile}</p>
      <Button
        variant="default"
        loading={programs.isFetching}
        onClick={() => void programs.refetch().then(onDone)}
      >
        {t.programs.anew}
      </Button>
    </div>
  );
}

function Limits({ draft, onChange }: { draft: Draft; onChange(draft: Draft): void }) {
  return (
    <section className={styles.card} aria-labelledby="limits">
      <h2 id="limits">{t.programs.limits}</h2>
      <div className={styles.fields}>
        <Whole
          label={t.programs.lockSeconds}
          value={draft.lock_seconds}
          onChange={(lock_seconds) => onChange({ ...draft, lock_seconds })}
        />
        <Whole
          label={t.programs.offlineHours}
          value={draft.offline_hours}
          onChange={(offline_hours) => onChange({ ...draft, offline_hours })}
        />
      </div>
      <Tick
        label={t.programs.allowAttachments}
        checked={draft.attachments}
        onChange={(attachments) => onChange({ ...draft, attachments })}
      />
    </section>
  );
}

function RuleFields({ rule, onChange }: { rule: DraftRule; onChange(rule: DraftRule): void }) {
  const set = (change: Partial<DraftRule>) => onChange({ ...rule, ...change });
  return (
    <li data-off={!rule.on || undefined}>
      <fieldset className={styles.rule}>
        <legend>{t.programs.check[rule.kind]}</legend>
        <Tick label={t.programs.ruleOn(rule.id)} checked={rule.on} onChange={(on) => set({ on })} />
        {rule.on ? (
          <>
            <div className={styles.fields}>
              <Whole
                label={t.programs.graceDays}
                value={rule.grace_days}
                onChange={(grace_days) => set({ grace_days })}
              />
              {rule.kind === "seen" ? (
                <Whole
                  label={t.programs.seenDays}
                  value={rule.days}
                  onChange={(days) => set({ days })}
                />
              ) : (
                <Whole
                  label={t.programs.maxAge}
                  value={rule.max_age_days}
                  onChange={(max_age_days) => set({ max_age_days })}
                />
              )}
              {rule.kind === "screen_lock" ? (
                <Whole
                  label={t.programs.maxSeconds}
                  value={rule.max_seconds}
                  onChange={(max_seconds) => set({ max_seconds })}
                />
              ) : null}
              {rule.kind === "os_floor"
                ? PLATFORMS.map((platform) => (
                    <TextInput
                      key={platform}
                      label={t.programs.floor(platformName(platform))}
                      value={rule.floors[platform] ?? ""}
                      onChange={(event) =>
                        set({ floors: { ...rule.floors, [platform]: event.currentTarget.value } })
                      }
                    />
                  ))
                : null}
            </div>
            {rule.kind === "key_in_hardware" ? (
              <Tick
                label={t.programs.strongbox}
                checked={rule.strongbox}
                onChange={(strongbox) => set({ strongbox })}
              />
            ) : null}
            {rule.kind === "seen" || rule.kind === "key_in_hardware" ? null : (
              <fieldset className={styles.accept}>
                <legend>{t.programs.acceptWhom}</legend>
                {PROVENANCES.map((provenance) => (
                  <Tick
                    key={provenance}
                    label={t.device.says[provenance]}
                    checked={rule.accept.includes(provenance)}
                    onChange={(on) =>
                      set({
                        accept: PROVENANCES.filter((each) =>
                          each === provenance ? on : rule.accept.includes(each),
                        ),
                      })
                    }
                  />
                ))}
              </fieldset>
            )}
            <Tick
              label={t.programs.unknownCounts}
              checked={rule.counts}
              onChange={(counts) => set({ counts })}
            />
          </>
        ) : null}
      </fieldset>
    </li>
  );
}

function AddRule({ onAdd }: { onAdd(kind: CheckKind): void }) {
  const id = useId();
  const [kind, setKind] = useState<CheckKind>("patched");
  return (
    <div className={styles.add}>
      <label className="field-label" htmlFor={id}>
        {t.programs.add}
      </label>
      <select
        id={id}
        className={styles.select}
        value={kind}
        onChange={(event) => {
          const chosen = KINDS.find((each) => each === event.currentTarget.value);
          if (chosen) {
            setKind(chosen);
          }
        }}
      >
        {KINDS.map((each) => (
          <option key={each} value={each}>
            {t.programs.check[each]}
          </option>
        ))}
      </select>
      <Button variant="light" onClick={() => onAdd(kind)}>
        {t.programs.addAction}
      </Button>
    </div>
  );
}

function Result({ result }: { result: DryRun }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    // To the top: by itself a browser scrolls no further than behind the bar with the buttons.
    heading.current?.focus({ preventScroll: true });
    heading.current?.scrollIntoView({ block: "start" });
  }, []);
  return (
    <section className={`${styles.card} ${styles.result}`} aria-labelledby="result">
      <h2 id="result" ref={heading} tabIndex={-1}>
        {t.programs.result}
      </h2>
      <div className={styles.compare}>
        <BeforeOrAfter title={t.programs.before} count={result.before} />
        <BeforeOrAfter title={t.programs.after} count={result.after} />
      </div>
      <p>
        {result.worse.length > 0 ? t.programs.worse(result.worse.length) : t.programs.worseNone}{" "}
        {result.worse.length >= MOST_NAMED ? t.programs.worseMost : null}
      </p>
      <ul className={styles.worse}>
        {result.worse.map((device) => (
          <li key={device.device_id} data-standing={device.standing}>
            <a href={address({ at: "fleet-device", id: device.device_id })}>
              {device.owner}, {device.name}
            </a>
            <span>
              <strong>{t.device.standing[device.standing]}</strong> {device.reason}
            </span>
          </li>
        ))}
      </ul>
      <Warnings texts={result.warnings} />
    </section>
  );
}

function BeforeOrAfter({ title, count }: { title: string; count: Count }) {
  return (
    <div>
      <h3>{title}</h3>
      <Stand count={count} />
    </div>
  );
}

function Whole({
  label,
  value,
  onChange,
}: {
  label: string;
  value: string;
  onChange(value: string): void;
}) {
  return (
    <TextInput
      label={label}
      inputMode="numeric"
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}

function Tick({
  label,
  checked,
  onChange,
}: {
  label: string;
  checked: boolean;
  onChange(on: boolean): void;
}) {
  return (
    <label className={styles.tick}>
      <input
        type="checkbox"
        checked={checked}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
      {label}
    </label>
  );
}
