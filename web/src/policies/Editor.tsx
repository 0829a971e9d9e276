/** A plain text with numbered lines; a place in it can be jumped to. */
import { useEffect, useRef } from "react";
import styles from "./Editor.module.css";
import type { Jump } from "./Files";
import { lineCount, rangeAt } from "./position";

/** Lines that stay in view above the one that was jumped to. */
const ABOVE = 4;

export function Editor({
  label,
  text,
  wrong,
  jump,
  onJumped,
  onChange,
}: {
  label: string;
  text: string;
  /** Lines to mark, from 1. */
  wrong: ReadonlySet<number>;
  jump: Jump | null;
  onJumped?: (() => void) | undefined;
  /** Absent where the text is for reading only. */
  onChange?: ((text: string) => void) | undefined;
}) {
  const area = useRef<HTMLTextAreaElement>(null);
  const numbers = useRef<HTMLOListElement>(null);

  // biome-ignore lint/correctness/useExhaustiveDependencies: typing is no reason to jump again
  useEffect(() => {
    const field = area.current;
    if (!field || !jump) {
      return;
    }
    const { start, end } = rangeAt(text, jump.to);
    field.focus({ preventScroll: true });
    field.setSelectionRange(start, end);
    const { lineHeight, fontSize } = getComputedStyle(field);
    field.scrollTop = (jump.to.line - 1 - ABOVE) * Number.parseFloat(lineHeight);
    // Letters of equal width are a little more than half as wide as they are high.
    const right = (jump.to.column + end - start) * Number.parseFloat(fontSize) * 0.61;
    field.scrollLeft = right > field.clientWidth ? right - field.clientWidth / 2 : 0;
    field.scrollIntoView({ block: "center" });
    onJumped?.();
  }, [jump]);

  return (
    <div className={styles.editor}>
      <div className={styles.gutter} aria-hidden>
        <ol ref={numbers}>
          {Array.from({ length: lineCount(text) }, (_, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a line's number is what it is
            <li key={at} data-wrong={wrong.has(at + 1) || undefined}>
              {at + 1}
            </li>
          ))}
        </ol>
      </div>
      <textarea
        ref={area}
        className={styles.text}
        aria-label={label}
        value={text}
        readOnly={!onChange}
        wrap="off"
        spellCheck={false}
        autoComplete="off"
        autoCapitalize="none"
        autoCorrect="off"
        onChange={(event) => onChange?.(event.currentTarget.value)}
        onScroll={(event) => {
          if (numbers.current) {
            numbers.current.style.transform = `translateY(${-event.currentTarget.scrollTop}px)`;
          }
        }}
      />
    </div>
  );
}
