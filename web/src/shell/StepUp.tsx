/** Asks the person what the hospital wants to be proven: before a passkey prompt that no tap of
 * theirs has caused, and for one-time codes. */
import { Button, Modal } from "@mantine/core";
import { useEffect, useState } from "react";
import type Dialog from "../codes/CodeDialog";
import { askCodeBy, askConsentBy, type CodeQuestion } from "../core/core";
import { Failure } from "../core/failure";
import { sentences } from "../core/proof";
import { t } from "../texts";
import styles from "./Dialog.module.css";

/** Above the dialog in which the person was when they were asked. */
const ABOVE = 300;

interface Asked<Q> {
  question: Q;
  opened: boolean;
  agree(): void;
  refuse(): void;
}

interface CodeAsked {
  question: CodeQuestion;
  /** Rarely needed, and loaded when it is. */
  CodeDialog: typeof Dialog;
}

export function StepUp() {
  const [consent, setConsent] = useState<Asked<readonly string[]> | null>(null);
  const [code, setCode] = useState<Asked<CodeAsked> | null>(null);

  useEffect(() => {
    askConsentBy((advice) => asking(advice, setConsent, t.failure.passkeyCancelled));
    askCodeBy(async (question) => {
      const { default: CodeDialog } = await import("../codes/CodeDialog");
      await asking({ question, CodeDialog }, setCode, t.failure.codeCancelled);
    });
  }, []);

  const lines = sentences(consent?.question ?? []);
  return (
    <>
      <Modal
        opened={consent?.opened ?? false}
        onClose={() => consent?.refuse()}
        title={t.stepUp.title}
        zIndex={ABOVE}
        closeButtonProps={{ "aria-label": t.close }}
      >
        {(lines.length > 0 ? lines : [t.stepUp.text]).map((line) => (
          <p key={line}>{line}</p>
        ))}
        <div className={styles.actions}>
          <Button variant="default" onClick={() => consent?.refuse()}>
            {t.cancel}
          </Button>
          <Button data-autofocus onClick={() => consent?.agree()}>
            {t.stepUp.action}
          </Button>
        </div>
      </Modal>
      {code ? (
        <code.question.CodeDialog
          question={code.question.question}
          opened={code.opened}
          onRight={code.agree}
          onRefuse={code.refuse}
        />
      ) : null}
    </>
  );
}

/** Shows a question until it is answered; what was asked stays while the dialog fades. */
function asking<Q>(question: Q, show: (asked: Asked<Q>) => void, cancelled: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const asked: Asked<Q> = {
      question,
      opened: true,
      agree: () => {
        show({ ...asked, opened: false });
        resolve();
      },
      refuse: () => {
        show({ ...asked, opened: false });
        reject(new Failure("passkey-cancelled", cancelled));
      },
    };
    show(asked);
  });
}
