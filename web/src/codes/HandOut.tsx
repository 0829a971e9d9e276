/** A card goes to a person whom the officer sees. */
import { Button, Modal } from "@mantine/core";
import { useState } from "react";
import { useApi } from "../core/queries";
import type { PersonBrief, TokenInfo } from "../core/wire";
import { PeopleSearch } from "../people/PeopleSearch";
import dialog from "../shell/Dialog.module.css";
import { tell } from "../shell/notices";
import { useLast } from "../shell/useLast";
import { useNarrow } from "../shell/useNarrow";
import { t } from "../texts";
import { Chosen } from "./Chosen";
import styles from "./Codes.module.css";
import { told } from "./words";

export function HandOut({ token: asked, onClose }: { token: TokenInfo | null; onClose(): void }) {
  const token = useLast(asked);
  return (
    <Modal
      opened={asked !== null}
      onClose={onClose}
      title={t.cards.handTitle(token?.serial ?? "")}
      fullScreen={useNarrow()}
      size="lg"
      closeButtonProps={{ "aria-label": t.close }}
    >
      {token ? <ToWhom serial={token.serial} onClose={onClose} /> : null}
    </Modal>
  );
}

function ToWhom({ serial, onClose }: { serial: string; onClose(): void }) {
  const [person, setPerson] = useState<PersonBrief | null>(null);
  const assign = useApi("assignToken");
  if (!person) {
    return <PeopleSearch chosen={[]} onToggle={setPerson} anyone />;
  }
  const hand = () =>
    assign.mutate(
      { serial, user_id: person.id },
      {
        onSuccess: () => {
          onClose();
          tell("done", t.cards.handed(serial, person.name));
        },
      },
    );
  return (
    <div className={styles.form}>
      <p>{t.cards.handHint}</p>
      <Chosen person={person} onChange={() => setPerson(null)} />
      <p role="alert" className={styles.refused}>
        {assign.error ? told(assign.error) : null}
      </p>
      <div className={dialog.actions}>
        <Button variant="default" onClick={onClose}>
          {t.cancel}
        </Button>
        <Button loading={assign.isPending} onClick={hand} autoFocus>
          {t.cards.hand}
        </Button>
      </div>
    </div>
  );
}
