/** Sends an entry of the chart to the conversation beside it; nothing where there is none. */
import { ActionIcon, Button } from "@mantine/core";
import { MessageSquareShare } from "lucide-react";
import { t } from "../texts";
import { type Sendable, useSending } from "./sending";

export function SendButton({ what, text }: { what: Sendable; text?: string }) {
  const send = useSending();
  if (!send) {
    return null;
  }
  return text ? (
    <Button
      variant="light"
      leftSection={<MessageSquareShare aria-hidden />}
      onClick={() => send(what)}
    >
      {text}
    </Button>
  ) : (
    <ActionIcon
      variant="subtle"
      data-send
      size="var(--touch)"
      aria-label={t.references.sendOne(what.name)}
      aria-haspopup="dialog"
      onClick={() => send(what)}
    >
      <MessageSquareShare aria-hidden />
    </ActionIcon>
  );
}
