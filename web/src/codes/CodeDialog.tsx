/** Asks for a one-time code, or a smart card instead, before something that the hospital wants to be
 * sure of. */
import { Button, Modal } from "@mantine/core";
import { useEffect, useState } from "react";
import type { CodeQuestion } from "../core/core";
import { sentences } from "../core/proof";
import { useStatus } from "../core/queries";
import dialog from "../shell/Dialog.module.css";
import { t } from "../texts";
import { CodeForm } from "./CodeForm";
import styles from "./Codes.module.css";
import { UseCard } from "./UseCard";
import { counts } from "./words";

export default function CodeDialog({
  question,
  opened,
  onRight,
  onRefuse,
}: {
  question: CodeQuestion;
  opened: boolean;
  onRight(): void;
  onRefuse(): void;
}) {
  const [none, setNone] = useState(false);
  const [card, setCard] = useState(false);
  // Open only after it was there: a dialog that begins open does not give the focus back.
  const [there, setThere] = useState(false);
  useEffect(() => setThere(true), []);
  const status = useStatus();
  const locked = opened && status.data?.stage === "locked";

  useEffect(() => {
    setNone(false);
    question.factors().then(
      (factors) => setNone(!factors.some(counts)),
      // The code is asked for all the same: the hospital knows best whether there is one.
      () => undefined,
    );
    setCard(question.card);
    question.cards().then(
      ({ cards, url }) => setCard(Boolean(url) && cards.length > 0),
      // A code can be typed all the same, and whether there is a card the hospital knows best.
      () => undefined,
    );
  }, [question]);

  // A locked app shows nothing of what was done in it.
  useEffect(() => {
    if (locked) {
      onRefuse();
    }
  }, [locked, onRefuse]);

  const typed = !question.card && !none;
  const useCard = card ? (
    <UseCard
      focused={!typed}
      onPresent={async () => {
        await question.present();
        onRight();
      }}
    />
  ) : null;
  return (
    <Modal
      opened={opened && there}
      onClose={onRefuse}
      title={question.card || (none && card) ? t.smartCards.useTitle : t.stepUp.codeTitle}
      zIndex={300}
      closeButtonProps={{ "aria-label": t.close }}
    >
      <ul className={styles.advice}>
        {sentences(question.advice).map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
      {question.second ? <p className={styles.half}>{t.stepUp.half}</p> : null}
      {typed ? (
        <>
          <CodeForm
            labels={[t.codes.code]}
            action={t.stepUp.action}
            onAttempt={async ([code = ""]) => {
              await question.attempt(code);
              onRight();
            }}
            onCancel={onRefuse}
          />
          {useCard}
        </>
      ) : (
        <>
          {useCard ?? (
            <p role="alert" className={styles.refused}>
              {question.card ? t.smartCards.useNone : t.stepUp.noGenerator}
            </p>
          )}
          <div className={dialog.actions}>
            <Button variant="default" onClick={onRefuse}>
              {useCard ? t.cancel : t.close}
            </Button>
          </div>
        </>
      )}
    </Modal>
  );
}
