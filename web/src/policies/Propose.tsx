/** Handing a draft to another officer. */
import { Button, Textarea, TextInput } from "@mantine/core";
import { useState } from "react";
import { useApi } from "../core/queries";
import type { PolicyCheck } from "../core/wire";
import { t } from "../texts";
import type { PolicyDraft } from "./drafts";
import styles from "./Policies.module.css";

/** The most characters that a summary takes. */
const LONGEST_SUMMARY = 500;
/** The hospital's name for texts with problems. */
const INVALID = "policy-invalid";

export function Propose({
  draft,
  check,
  onSummary,
  onInvalid,
  onProposed,
}: {
  draft: PolicyDraft;
  /** What the hospital says of exactly these texts. */
  check: PolicyCheck | null;
  onSummary(summary: string): void;
  /** The hospital found problems that the check did not know of. */
  onInvalid(): void;
  onProposed(version: number): void;
}) {
  const [effective, setEffective] = useState("");
  const propose = useApi("proposePolicies");
  const at = effective === "" ? null : new Date(effective).getTime();
  const past = at !== null && !(at > Date.now());
  const missing = missingWords(check);
  const submit = () =>
    propose.mutate(
      {
        files: draft.files,
        summary: draft.summary.trim(),
        ...(at === null ? {} : { effective_at: at }),
      },
      {
        onSuccess: ({ version }) => onProposed(version),
        onError: ({ code }) => {
          if (code === INVALID) {
            onInvalid();
          }
        },
      },
    );
  return (
    <section className={styles.card} aria-labelledby="propose">
      <h2 id="propose">{t.policies.propose}</h2>
      <p>{t.policies.proposeHint}</p>
      <Textarea
        label={t.policies.summary}
        value={draft.summary}
        maxLength={LONGEST_SUMMARY}
        rows={3}
        onChange={(event) => onSummary(event.currentTarget.value)}
      />
      <TextInput
        type="datetime-local"
        label={t.policies.effectiveAt}
        value={effective}
        error={past ? t.policies.effectivePast : null}
        onChange={(event) => setEffective(event.currentTarget.value)}
      />
      {missing ? <p className={styles.small}>{missing}</p> : null}
      {propose.error ? (
        <p className={styles.wrong} role="alert">
          {propose.error.message}
        </p>
      ) : null}
      <Button
        disabled={missing !== null || draft.summary.trim() === "" || past}
        loading={propose.isPending}
        onClick={submit}
      >
        {t.policies.proposeAction}
      </Button>
    </section>
  );
}

/** What is left to do before a draft can be proposed. */
function missingWords(check: PolicyCheck | null): string | null {
  if (!check) {
    return t.policies.checkFirst;
  }
  if (check.problems.length > 0) {
    return t.policies.problems(check.problems.length);
  }
  if (check.locked_out) {
    return t.policies.lockedOut;
  }
  return check.changes.length === 0 ? t.policies.nothingToPropose : null;
}
