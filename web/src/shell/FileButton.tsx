/** A button that lets the person choose a file, and reads it. */
import { Button } from "@mantine/core";
import { Upload } from "lucide-react";
import { type ChangeEvent, useRef } from "react";
import { tellFailure } from "./notices";

export function FileButton({
  text,
  accept,
  busy,
  disabled = false,
  onFile,
}: {
  text: string;
  accept: string;
  busy: boolean;
  disabled?: boolean;
  onFile(text: string, name: string): void;
}) {
  const input = useRef<HTMLInputElement>(null);
  const read = async (event: ChangeEvent<HTMLInputElement>) => {
    const field = event.currentTarget;
    const file = field.files?.[0];
    if (file) {
      onFile(await file.text(), file.name);
    }
    // The same file can be chosen again once it is mended.
    field.value = "";
  };
  return (
    <>
      <input
        ref={input}
        type="file"
        hidden
        accept={accept}
        onChange={(event) => void read(event).catch(tellFailure)}
      />
      <Button
        variant="light"
        leftSection={<Upload aria-hidden />}
        loading={busy}
        disabled={disabled}
        onClick={() => input.current?.click()}
      >
        {text}
      </Button>
    </>
  );
}
