/** Everything that is known of a device, and what an officer can do about it. */
import { ActionIcon, Button, TextInput } from "@mantine/core";
import { ChevronLeft } from "lucide-react";
import { useState } from "react";
import { useApi, useDevice, useMe } from "../core/queries";
import type { BulkAction, DeviceInfo } from "../core/wire";
import { Asked, Facts, NoticePart, Part, Record, Verdict, Views } from "../devices/Detail";
import styles from "../devices/Detail.module.css";
import { isOut, whatItIs } from "../devices/State";
import { Ask } from "../shell/Ask";
import { Empty } from "../shell/Empty";
import { tell, tellFailure } from "../shell/notices";
import { go } from "../shell/routes";
import { Waiting } from "../shell/Waiting";
import { t } from "../texts";
import { tellOutcomes } from "./Bulk";

export default function FleetDevice({ id }: { id: string }) {
  const detail = useDevice(id);
  const me = useMe();
  const roles = me.data?.roles ?? [];
  const ends = roles.includes("security_officer");
  const manages = ends || roles.includes("operator");
  const device = detail.data?.device;
  return (
    <div className={styles.screen}>
      <div className={styles.column}>
        <header className={styles.header}>
          <ActionIcon aria-label={t.device.back} onClick={() => go({ at: "fleet" })}>
            <ChevronLeft aria-hidden />
          </ActionIcon>
          <div>
            <h1>{device?.name ?? t.device.title}</h1>
            {device ? (
              <p>{[device.user.name, whatItIs(device)].filter(Boolean).join(" · ")}</p>
            ) : null}
          </div>
        </header>
        {detail.isPending ? <Waiting /> : null}
        {detail.error ? <Empty title={t.failure.title} text={detail.error.message} /> : null}
        {detail.data && device ? (
          <>
            <Verdict detail={detail.data} />
            {manages && !isOut(device) ? <Actions device={device} ends={ends} /> : null}
            <Asked detail={detail.data} />
            <Facts detail={detail.data} title={t.device.facts} />
            <Record detail={detail.data} owner />
            <Views detail={detail.data} />
            <NoticePart detail={detail.data} />
          </>
        ) : null}
      </div>
    </div>
  );
}

function Actions({ device, ends }: { device: DeviceInfo; ends: boolean }) {
  const [asking, setAsking] = useState<"lost" | "retire" | null>(null);
  const [serial, setSerial] = useState(device.serial ?? "");
  const bulk = useApi("bulk");
  const tie = useApi("setSerial");
  const run = (action: BulkAction) =>
    bulk.mutate(
      { action, ids: [device.id] },
      {
        onSuccess: (outcomes) => {
          if (action === "assess" && outcomes.every(({ done }) => done)) {
            tell("done", t.device.assessed);
          } else if (action === "request_update" && outcomes.every(({ done }) => done)) {
            tell("done", t.device.updated);
          } else {
            tellOutcomes(outcomes);
          }
        },
        onError: tellFailure,
        onSettled: () => setAsking(null),
      },
    );
  const changed = serial.trim() !== (device.serial ?? "");
  return (
    <Part id="actions" title={t.device.actions}>
      <div className={styles.actions}>
        <Button
          variant="default"
          loading={bulk.isPending && bulk.variables.action === "assess"}
          onClick={() => run("assess")}
        >
          {t.device.assess}
        </Button>
        {device.serial ? (
          <Button
            variant="default"
            loading={bulk.isPending && bulk.variables.action === "request_update"}
            onClick={() => run("request_update")}
          >
            {t.device.update}
          </Button>
        ) : null}
        {ends ? (
          <>
            <Button variant="light" color="red" onClick={() => setAsking("retire")}>
              {t.device.retire}
            </Button>
            <Button color="red" onClick={() => setAsking("lost")}>
              {t.security.lostAction}
            </Button>
          </>
        ) : null}
      </div>
      {device.serial ? <p className={styles.small}>{t.device.updateHint}</p> : null}
      <form
        className={styles.serial}
        onSubmit={(event) => {
          event.preventDefault();
          tie.mutate(
            { id: device.id, serial: serial.trim() || null },
            { onSuccess: () => tell("done", t.device.serialSaved), onError: tellFailure },
          );
        }}
      >
        <TextInput
          label={t.device.serialLabel}
          description={t.device.serialHint}
          value={serial}
          maxLength={64}
          onChange={(event) => setSerial(event.currentTarget.value)}
        />
        {changed ? (
          <Button type="submit" variant="light" loading={tie.isPending}>
            {t.device.serialSave}
          </Button>
        ) : null}
      </form>
      <Ask
        opened={asking !== null}
        title={
          asking === "lost" ? t.security.lostTitle(device.name) : t.device.retireTitle(device.name)
        }
        text={asking === "lost" ? t.security.lostText : t.device.retireText}
        action={asking === "lost" ? t.security.lostAction : t.device.retire}
        busy={bulk.isPending}
        onNo={() => setAsking(null)}
        onYes={() => {
          if (asking) {
            run(asking);
          }
        }}
      />
    </Part>
  );
}
