/** The component library's defaults: touch sizes and the app's own variables. */
import {
  ActionIcon,
  Button,
  Checkbox,
  createTheme,
  Modal,
  Textarea,
  TextInput,
} from "@mantine/core";

/** Browsers keep what is typed in a field for restoring the tab, on the disk, unless told not to. */
const quiet = { autoComplete: "off" };

const field = { classNames: { label: "field-label", input: "field-input" } };

export const theme = createTheme({
  fontFamily: "var(--font)",
  fontFamilyMonospace: "var(--font-mono)",
  defaultRadius: "md",
  respectReducedMotion: true,
  cursorType: "pointer",
  components: {
    Button: Button.extend({
      defaultProps: { size: "md", classNames: { root: "button", label: "button-label" } },
    }),
    ActionIcon: ActionIcon.extend({ defaultProps: { size: "var(--touch)", variant: "subtle" } }),
    TextInput: TextInput.extend({ defaultProps: { size: "md", ...quiet, ...field } }),
    Textarea: Textarea.extend({ defaultProps: { size: "md", ...quiet, ...field } }),
    Checkbox: Checkbox.extend({ defaultProps: { classNames: { input: "check-input" } } }),
    Modal: Modal.extend({
      defaultProps: {
        centered: true,
        classNames: { title: "dialog-title" },
        // A dialog's head is no banner of the page.
        attributes: { header: { role: "none" } },
        lockScroll: false,
        radius: "lg",
        overlayProps: { color: "var(--shade)", backgroundOpacity: 1 },
        transitionProps: { duration: 120 },
      },
    }),
  },
});
