/** Another name for a generator of codes or for a smart card. */
import { Button, Modal, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useApi } from "../core/queries";
import dialog from "../shell/Dialog.module.css";
import { useLast } from "../shell/useLast";
import { t } from "../texts";
import styles from "./Codes.module.css";

/** The longest name that the hospital takes. */
export const LONGEST_NAME = 40;

/** What is renamed: its id, and its name so far. */
interface Named {
  id: string;
  name: string;
}

interface Renaming {
  /** The request that renames it. */
  by: "renameFactor" | "renameCard";
  onClose(): void;
}

export function Rename({ of: asked, by, onClose }: Renaming & { of: Named | undefined }) {
  const named = useLast(asked);
  return (
    <Modal
      opened={asked !== undefined}
      onClose={onClose}
      title={t.codes.renameTitle(named?.name ?? "")}
      closeButtonProps={{ "aria-label": t.close }}
    >
      {named ? <Form of={named} by={by} onClose={onClose} /> : null}
    </Modal>
  );
}

function Form({ of, by, onClose }: Renaming & { of: Named }) {
  const [name, setName] = useState(of.name);
  const rename = useApi(by);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    rename.mutate({ id: of.id, name: name.trim() }, { onSuccess: onClose });
  };
  return (
    <form className={styles.form} onSubmit={submit}>
      <TextInput
        label={t.codes.name}
        value={name}
        maxLength={LONGEST_NAME}
        error={rename.error?.message}
        errorProps={{ role: "alert" }}
        onChange={(event) => setName(event.currentTarget.value)}
        data-autofocus
      />
      <div className={dialog.actions}>
        <Button variant="default" onClick={onClose}>
          {t.cancel}
        </Button>
        <Button type="submit" loading={rename.isPending} disabled={name.trim() === ""}>
          {t.codes.renameAction}
        </Button>
      </div>
    </form>
  );
}
