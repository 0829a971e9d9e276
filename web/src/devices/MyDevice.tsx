/** One of one's own devices: everything that the hospital holds of it, and who looked. */
import { ActionIcon } from "@mantine/core";
import { ChevronLeft } from "lucide-react";
import { useDevice } from "../core/queries";
import { Empty } from "../shell/Empty";
import { go } from "../shell/routes";
import { Waiting } from "../shell/Waiting";
import { t } from "../texts";
import { Facts, NoticePart, Record, Verdict, Views } from "./Detail";
import styles from "./Detail.module.css";
import { whatItIs } from "./State";

export default function MyDevice({ id }: { id: string }) {
  const detail = useDevice(id);
  return (
    <div className={styles.screen}>
      <div className={styles.column}>
        <header className={styles.header}>
          <ActionIcon aria-label={t.back} onClick={() => go({ at: "security" })}>
            <ChevronLeft aria-hidden />
          </ActionIcon>
          <div>
            <h1>{detail.data?.device.name ?? t.device.title}</h1>
            {detail.data ? <p>{whatItIs(detail.data.device)}</p> : null}
          </div>
        </header>
        {detail.isPending ? <Waiting /> : null}
        {detail.error ? <Empty title={t.failure.title} text={detail.error.message} /> : null}
        {detail.data ? (
          <>
            <Verdict detail={detail.data} />
            <Facts detail={detail.data} title={t.device.factsOwn} />
            <Views detail={detail.data} />
            <NoticePart detail={detail.data} />
            <Record detail={detail.data} owner={false} />
          </>
        ) : null}
      </div>
    </div>
  );
}
