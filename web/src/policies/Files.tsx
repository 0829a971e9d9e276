/** The files of a version as tabs, each a text. */
import { type KeyboardEvent, useEffect, useId, useRef, useState } from "react";
import type { PolicyFile, PolicyProblem } from "../core/wire";
import { t } from "../texts";
import { Editor } from "./Editor";
import styles from "./Policies.module.css";
import { linesOf } from "./position";
import { nextTab } from "./tabs";
import { isSchema } from "./words";

/** A place to be shown; each jump is one of its own, also to the same place. */
export interface Jump {
  to: PolicyProblem;
}

export function Files({
  files,
  base,
  problems,
  jump = null,
  onJumped,
  onChange,
}: {
  files: readonly PolicyFile[];
  /** What they were before they were changed. */
  base: readonly PolicyFile[];
  problems: readonly PolicyProblem[];
  jump?: Jump | null;
  /** The place was shown; it is not jumped to again when its tab is. */
  onJumped?(): void;
  /** Absent where the texts are for reading only. */
  onChange?(files: readonly PolicyFile[]): void;
}) {
  const id = useId();
  // The schema comes first, and is seldom what one wants to read.
  const [chosen, setChosen] = useState(
    () => (files.find(({ name }) => !isSchema(name)) ?? files[0])?.name ?? "",
  );
  const tabs = useRef(new Map<string, HTMLButtonElement>());
  useEffect(() => {
    if (jump) {
      setChosen(jump.to.file);
    }
  }, [jump]);
  const file = files.find(({ name }) => name === chosen) ?? files[0];
  if (!file) {
    return null;
  }
  const fixed = isSchema(file.name) || !onChange;
  const change = (text: string) =>
    onChange?.(files.map((each) => (each.name === file.name ? { ...each, text } : each)));
  const step = (event: KeyboardEvent) => {
    const at = files.findIndex(({ name }) => name === file.name);
    const to = nextTab(event.key, at, files.length);
    const next = to === null ? undefined : files[to];
    if (next) {
      event.preventDefault();
      setChosen(next.name);
      tabs.current.get(next.name)?.focus();
    }
  };
  return (
    <>
      <div className={styles.tabs} role="tablist" aria-label={t.policies.files} onKeyDown={step}>
        {files.map((each) => {
          const wrong = problems.filter((problem) => problem.file === each.name).length;
          const changed = base.find(({ name }) => name === each.name)?.text !== each.text;
          return (
            <button
              key={each.name}
              ref={(tab) => {
                if (tab) {
                  tabs.current.set(each.name, tab);
                } else {
                  tabs.current.delete(each.name);
                }
              }}
              type="button"
              role="tab"
              id={`${id}-${each.name}`}
              aria-selected={each === file}
              aria-controls={`${id}-panel`}
              tabIndex={each === file ? 0 : -1}
              onClick={() => setChosen(each.name)}
            >
              {each.name}
              {changed ? (
                <>
                  <span className={styles.dot} aria-hidden />
                  <span className="visually-hidden">, {t.policies.fileChanged}</span>
                </>
              ) : null}
              {wrong > 0 ? (
                <>
                  <span className={styles.wrongCount} aria-hidden>
                    {wrong}
                  </span>
                  <span className="visually-hidden">, {t.policies.fileProblems(wrong)}</span>
                </>
              ) : null}
            </button>
          );
        })}
      </div>
      <div
        role="tabpanel"
        id={`${id}-panel`}
        className={styles.panel}
        aria-labelledby={`${id}-${file.name}`}
      >
        {onChange && isSchema(file.name) ? (
          <p className={styles.small}>{t.policies.schemaFixed}</p>
        ) : null}
        <Editor
          key={file.name}
          label={t.policies.text(file.name)}
          text={file.text}
          wrong={linesOf(problems, file.name)}
          jump={jump?.to.file === file.name ? jump : null}
          onJumped={onJumped}
          onChange={fixed ? undefined : change}
        />
      </div>
    </>
  );
}
