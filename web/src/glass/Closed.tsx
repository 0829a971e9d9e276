/** Why a chart stays closed, and how it opens. */
import { Button } from "@mantine/core";
import type { Failure } from "../core/failure";
import { sentences } from "../core/proof";
import notes from "../notes/Notes.module.css";
import { Empty } from "../shell/Empty";
import { t } from "../texts";
import { Asks } from "./Asks";
import { BreakButton } from "./BreakButton";
import { opensByGlass } from "./words";

export function Closed({
  patient,
  failure,
  onAgain,
}: {
  patient: string;
  failure: Failure;
  onAgain(): void;
}) {
  return (
    <div className={notes.closed} role="alert">
      <Empty title={failure.problem?.status === 403 ? t.glass.closed : t.failure.title} />
      {sentences([failure.message]).map((line) => (
        <p key={line}>{line}</p>
      ))}
      {opensByGlass(failure) ? (
        <>
          <Asks patient={patient} />
          <BreakButton patient={patient} onBroken={onAgain} />
        </>
      ) : (
        <Button variant="light" onClick={onAgain}>
          {t.retry}
        </Button>
      )}
    </div>
  );
}
