/** What the hospital says of texts: what is wrong, what to look at, and which policies change. */
import { CircleAlert, CircleCheck, CircleX } from "lucide-react";
import type { ReactNode } from "react";
import type { PolicyCheck, PolicyProblem } from "../core/wire";
import { t } from "../texts";
import { Diff } from "./Diff";
import styles from "./Policies.module.css";

export function Findings({
  check,
  onJump,
}: {
  check: PolicyCheck;
  /** Absent where there is no editor to jump to. */
  onJump?: ((to: PolicyProblem) => void) | undefined;
}) {
  const { problems, warnings, changes, locked_out } = check;
  return (
    <div className={styles.findings}>
      {problems.length > 0 ? (
        <Places
          kind="problem"
          title={t.policies.problems(problems.length)}
          icon={<CircleX aria-hidden />}
          places={problems}
          onJump={onJump}
        />
      ) : (
        <p className={styles.fine}>
          <CircleCheck aria-hidden />
          {t.policies.checked}
        </p>
      )}
      {locked_out ? (
        <div className={styles.wrong} role="alert">
          <strong>{t.policies.lockedOut}</strong>
          <p>{locked_out}</p>
        </div>
      ) : null}
      {warnings.length > 0 ? (
        <Places
          kind="warning"
          title={t.policies.warnings(warnings.length)}
          icon={<CircleAlert aria-hidden />}
          places={warnings}
          onJump={onJump}
        />
      ) : null}
      {problems.length > 0 ? null : <Diff changes={changes} />}
    </div>
  );
}

function Places({
  kind,
  title,
  icon,
  places,
  onJump,
}: {
  kind: "problem" | "warning";
  title: string;
  icon: ReactNode;
  places: readonly PolicyProblem[];
  onJump?: ((to: PolicyProblem) => void) | undefined;
}) {
  return (
    <div className={styles.places} data-kind={kind}>
      <h3>
        {icon}
        {title}
      </h3>
      <ul>
        {places.map((place) => (
          <li key={`${where(place)} ${place.message}`}>
            {onJump ? (
              <button type="button" onClick={() => onJump(place)}>
                <At place={place} />
              </button>
            ) : (
              <At place={place} />
            )}
          </li>
        ))}
      </ul>
    </div>
  );
}

function At({ place }: { place: PolicyProblem }) {
  const { file, line, column, message } = place;
  return (
    <>
      <code aria-hidden>{where(place)}</code>
      <span className="visually-hidden">{t.policies.placeWords(file, line, column)}: </span>
      <span>{message}</span>
    </>
  );
}

function where({ file, line, column }: PolicyProblem): string {
  return t.policies.place(file, line, column);
}
