/** A generator whose clock or count has run away is found again by two codes in a row. */
import { Modal } from "@mantine/core";
import { askUnkept } from "../core/queries";
import type { FactorInfo } from "../core/wire";
import { tell } from "../shell/notices";
import { useLast } from "../shell/useLast";
import { t } from "../texts";
import { CodeForm } from "./CodeForm";
import { told } from "./words";

export function Resync({
  factor: asked,
  onClose,
}: {
  factor: FactorInfo | undefined;
  onClose(): void;
}) {
  const factor = useLast(asked);
  return (
    <Modal
      opened={asked !== undefined}
      onClose={onClose}
      title={t.codes.resyncTitle(factor?.name ?? "")}
      closeButtonProps={{ "aria-label": t.close }}
    >
      {factor ? (
        <>
          <p>{t.codes.resyncText[factor.kind]}</p>
          <CodeForm
            labels={[t.codes.first, t.codes.second]}
            action={t.codes.resyncAction}
            words={(failure) =>
              failure.code === "code-wrong" ? t.codes.resyncWrong : told(failure)
            }
            onAttempt={async ([first = "", second = ""]) => {
              await askUnkept("resyncFactor", { id: factor.factor_id, first, second });
              onClose();
              tell("done", t.codes.resynced(factor.name));
            }}
            onCancel={onClose}
          />
        </>
      ) : null}
    </Modal>
  );
}
