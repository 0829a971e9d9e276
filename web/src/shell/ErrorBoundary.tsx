import { Button } from "@mantine/core";
import { Component, type ReactNode } from "react";
import { t } from "../texts";
import { Centered } from "./Centered";

/** A screen that fails does not take the app with it. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override render() {
    if (!this.state.failed) {
      return this.props.children;
    }
    return (
      <Centered title={t.failure.screen} text={t.failure.screenHint}>
        <Button onClick={() => location.reload()}>{t.failure.reload}</Button>
      </Centered>
    );
  }
}
