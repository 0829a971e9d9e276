/** Ordering that a hold ends: another officer has to agree, as to its beginning. */
import { Button, Modal, Textarea } from "@mantine/core";
import { useState } from "react";
import { Refused } from "../codes/Refused";
import { told } from "../codes/words";
import { useApi } from "../core/queries";
import type { RecordsOrder } from "../core/wire";
import officer from "../officer/Officer.module.css";
import { tell } from "../shell/notices";
import { useNarrow } from "../shell/useNarrow";
import { t } from "../texts";

const LONGEST = 500;

export function EndHold({ order }: { order: RecordsOrder }) {
  const end = useApi("handInStatement");
  const narrow = useNarrow();
  const [opened, setOpened] = useState(false);
  const [reason, setReason] = useState("");
  const send = () =>
    end.mutate(
      { statement: { type: "end_hold", hold: order.hash, reason: reason.trim() } },
      {
        onSuccess: () => {
          setOpened(false);
          tell("done", t.records.handedIn);
        },
      },
    );
  return (
    <>
      <Button variant="default" onClick={() => setOpened(true)}>
        {t.records.end}
      </Button>
      <Modal
        opened={opened}
        onClose={() => setOpened(false)}
        title={t.records.endTitle}
        fullScreen={narrow}
        closeButtonProps={{ "aria-label": t.close }}
      >
        <form
          className={officer.form}
          onSubmit={(event) => {
            event.preventDefault();
            send();
          }}
        >
          <p>{t.records.endText}</p>
          <Textarea
            label={t.records.reason}
            description={t.records.reasonHint}
            autosize
            minRows={2}
            maxLength={LONGEST}
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
            data-autofocus
          />
          <Refused lines={end.error ? [told(end.error)] : []} />
          <Button type="submit" disabled={reason.trim() === ""} loading={end.isPending}>
            {t.records.endOrder}
          </Button>
        </form>
      </Modal>
    </>
  );
}
