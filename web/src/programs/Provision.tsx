/** What a device manager loads for a program's devices, as files. */
import { Button } from "@mantine/core";
import { Download } from "lucide-react";
import { useApi } from "../core/queries";
import type { Program } from "../core/wire";
import { download } from "../fleet/files";
import { tellFailure } from "../shell/notices";
import { t } from "../texts";
import styles from "./Programs.module.css";
import { formatsOf } from "./words";

const TYPES = {
  mobileconfig: "application/x-apple-aspen-config",
  android: "application/json",
  qr: "application/json",
} as const;

export function Provision({ terms }: { terms: Program }) {
  const exported = useApi("exported");
  const formats = formatsOf(terms);
  if (formats.length === 0) {
    return null;
  }
  return (
    <section className={styles.card} aria-labelledby="provision">
      <h2 id="provision">{t.programs.provision}</h2>
      <p>{t.programs.provisionHint}</p>
      <div className={styles.takes}>
        {formats.map((format) => (
          <Button
            key={format}
            variant="light"
            leftSection={<Download aria-hidden />}
            loading={exported.isPending && exported.variables.format === format}
            onClick={() =>
              exported.mutate(
                { slug: terms.slug, format },
                {
                  onSuccess: ({ file, text }) => download(file, text, TYPES[format]),
                  onError: tellFailure,
                },
              )
            }
          >
            {t.programs.exports[format]}
          </Button>
        ))}
      </div>
    </section>
  );
}
