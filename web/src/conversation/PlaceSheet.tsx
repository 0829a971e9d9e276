/** Where a person wants a conversation in their list: pinned, muted, archived, marked as unread. */
import { Modal } from "@mantine/core";
import { Archive, ArchiveRestore, Bell, BellOff, MailOpen, Pin, PinOff } from "lucide-react";
import type { ConversationView, Params } from "../core/methods";
import { useCall } from "../core/queries";
import { tellFailure } from "../shell/notices";
import { go } from "../shell/routes";
import { useNarrow } from "../shell/useNarrow";
import { t } from "../texts";
import styles from "./MessageSheet.module.css";
import { sheet } from "./sheet";

export function PlaceSheet({
  opened,
  onClose,
  conversation: { id: group, pinned, muted, archived },
}: {
  opened: boolean;
  onClose(): void;
  conversation: ConversationView;
}) {
  const narrow = useNarrow();
  const mark = useCall("mark");
  const put = (marks: Omit<Params<"mark">, "group">, leave: boolean) => () => {
    onClose();
    mark.mutate(
      { group, ...marks },
      {
        onSuccess: () => {
          if (leave) {
            go({ at: "conversations" });
          }
        },
        onError: tellFailure,
      },
    );
  };
  const words = t.conversation.place;
  const choices = [
    {
      text: pinned ? words.unpin : words.pin,
      Icon: pinned ? PinOff : Pin,
      act: put({ pinned: !pinned }, false),
    },
    {
      text: muted ? words.unmute : words.mute,
      Icon: muted ? Bell : BellOff,
      act: put({ muted: !muted }, false),
    },
    { text: words.unread, Icon: MailOpen, act: put({ unread: true }, true) },
    {
      text: archived ? words.unarchive : words.archive,
      Icon: archived ? ArchiveRestore : Archive,
      act: put({ archived: !archived }, !archived),
    },
  ];
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={words.title}
      centered={!narrow}
      classNames={sheet}
      closeButtonProps={{ "aria-label": t.close, size: "var(--touch)" }}
    >
      <p className={styles.hint}>{words.hint}</p>
      <ul className={styles.actions}>
        {choices.map(({ text, Icon, act }) => (
          <li key={text}>
            <button type="button" onClick={act}>
              <Icon aria-hidden />
              {text}
            </button>
          </li>
        ))}
      </ul>
    </Modal>
  );
}
