/** Sign-ins, what was unusual about each, and the answers to whose they were. */
import { Button } from "@mantine/core";
import { CircleCheck, CircleHelp, CircleX } from "lucide-react";
import { useState } from "react";
import { Refused } from "../codes/Refused";
import { told } from "../codes/words";
import type { Failure } from "../core/failure";
import { useApi } from "../core/queries";
import type { RiskySignIn } from "../core/wire";
import { Ask } from "../shell/Ask";
import { tell } from "../shell/notices";
import { t } from "../texts";
import { moment } from "../texts/time";
import styles from "./Risk.module.css";
import { answersTo, isUnusual, outcomeOf } from "./words";

/** Whose sign-ins they are: decides the words. */
type Whose = "own" | "everyone";

/** So many reasons a person is told; officers read all. */
const TOLD = 3;

export function SignIns({
  signIns,
  of,
  label,
  onAnswered,
}: {
  signIns: readonly RiskySignIn[];
  of: Whose;
  label: string;
  /** The button that was pressed is gone: the focus has to go somewhere. */
  onAnswered(): void;
}) {
  const answer = useApi("answerSignIn");
  const [disowning, setDisowning] = useState<RiskySignIn | null>(null);
  const words = t.signIns[of];
  const say = async ({ session_id: id }: RiskySignIn, was_me: boolean) => {
    try {
      // Waited for: with the last of the list this component may be gone, and its callbacks with it.
      await answer.mutateAsync({ id, was_me });
      tell("done", was_me ? t.signIns.cleared : t.signIns.ended);
      onAnswered();
    } catch {
      // Told beside the sign-in.
    }
    setDisowning(null);
  };
  return (
    <>
      <ul className={styles.signIns} aria-label={label}>
        {signIns.map((signIn) => (
          <Row
            key={signIn.session_id}
            signIn={signIn}
            of={of}
            failure={answer.variables?.id === signIn.session_id ? answer.error : null}
            busy={answer.isPending && answer.variables.id === signIn.session_id}
            onYes={() => void say(signIn, true)}
            onNo={() => setDisowning(signIn)}
          />
        ))}
      </ul>
      <Ask
        opened={disowning !== null}
        title={words.noTitle}
        text={words.noText}
        action={words.noAction}
        busy={answer.isPending}
        onNo={() => setDisowning(null)}
        onYes={() => {
          if (disowning) {
            void say(disowning, false);
          }
        }}
      />
    </>
  );
}

function Row({
  signIn,
  of,
  failure,
  busy,
  onYes,
  onNo,
}: {
  signIn: RiskySignIn;
  of: Whose;
  failure: Failure | null;
  busy: boolean;
  onYes(): void;
  onNo(): void;
}) {
  const { user, device_name: device, risk } = signIn;
  const words = t.signIns[of];
  const can = answersTo(signIn);
  const outcome = outcomeOf(signIn);
  const when = moment(signIn.at, Date.now());
  const reasons = isUnusual(signIn) || of === "everyone" ? signIn.reasons : [];
  const lines =
    of === "own"
      ? reasons.slice(0, TOLD).map(({ sentence }) => sentence)
      : reasons.map(({ detail }) => detail);
  const whose = `${user?.name ?? device}, ${when}`;
  return (
    <li className={styles.signIn} data-outcome={isUnusual(signIn) ? outcome : "usual"}>
      <Mark signIn={signIn} />
      <div className={styles.words}>
        <span>
          <strong>{user?.name ?? device}</strong>
          {signIn.current ? <span className={styles.here}>{t.security.thisSession}</span> : null}
        </span>
        {user ? (
          <span>
            {user.role}, {user.department}
          </span>
        ) : null}
        <span>{user ? `${device} · ${when} · ${t.signIns.risk(risk)}` : when}</span>
        {lines.length > 0 ? (
          <ul className={styles.reasons} aria-label={t.signIns.reasons}>
            {lines.map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
        ) : null}
        {words.outcome[outcome] ? (
          <span className={styles.outcome}>{words.outcome[outcome]}</span>
        ) : null}
      </div>
      <div className={styles.wide}>
        <Refused lines={failure ? [told(failure)] : []} />
      </div>
      {can.yes || can.no ? (
        <div className={styles.answers}>
          {can.yes ? (
            <Button
              variant="light"
              loading={busy}
              aria-label={t.signIns.of(words.yes, whose)}
              onClick={onYes}
            >
              {words.yes}
            </Button>
          ) : null}
          {can.no ? (
            <Button
              variant="subtle"
              color="red"
              aria-label={t.signIns.of(words.no, whose)}
              onClick={onNo}
            >
              {words.no}
            </Button>
          ) : null}
        </div>
      ) : null}
    </li>
  );
}

function Mark({ signIn }: { signIn: RiskySignIn }) {
  switch (outcomeOf(signIn)) {
    case "stranger":
      return <CircleX aria-hidden />;
    case "open":
      return isUnusual(signIn) ? <CircleHelp aria-hidden /> : <CircleCheck aria-hidden />;
    default:
      return <CircleCheck aria-hidden />;
  }
}
