/** Asks before a passkey prompt that no tap of the person has caused. */
import { Button, Modal } from "@mantine/core";
import { useEffect, useState } from "react";
import { askConsentBy } from "../core/core";
import { problemText } from "../core/failure";
import { t } from "../texts";
import styles from "./Dialog.module.css";

interface Asked {
  text: string;
  agree(): void;
  refuse(): void;
}

export function StepUp() {
  const [asked, setAsked] = useState<Asked | null>(null);

  useEffect(() => {
    askConsentBy(
      (problem) =>
        new Promise((resolve, reject) => {
          setAsked({
            text: problem ? problemText(problem) : t.stepUp.text,
            agree: () => {
              setAsked(null);
              resolve();
            },
            refuse: () => {
              setAsked(null);
              reject(new DOMException("refused", "NotAllowedError"));
            },
          });
        }),
    );
  }, []);

  return (
    <Modal
      opened={asked !== null}
      onClose={() => asked?.refuse()}
      title={t.stepUp.title}
      closeButtonProps={{ "aria-label": t.close }}
    >
      <p>{asked?.text}</p>
      <div className={styles.actions}>
        <Button variant="default" onClick={() => asked?.refuse()}>
          {t.cancel}
        </Button>
        <Button data-autofocus onClick={() => asked?.agree()}>
          {t.stepUp.action}
        </Button>
      </div>
    </Modal>
  );
}
