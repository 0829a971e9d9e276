/** Start: the invitation leaves the address bar before anything else runs. */
import "./design/styles.css";
import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { queryClient } from "./core/queries";
import { scriptUrl } from "./core/trusted";
import { theme } from "./design/theme";
import { takeInvitation } from "./enroll/link";
import { App } from "./shell/App";
import { ErrorBoundary } from "./shell/ErrorBoundary";

const invitation = takeInvitation();

if (import.meta.env.PROD && "serviceWorker" in navigator) {
  void navigator.serviceWorker.register(scriptUrl("/sw.js")).catch(() => {
    // Without it the app still works while the hospital is in reach.
  });
}

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={queryClient}>
        <MantineProvider
          theme={theme}
          defaultColorScheme="auto"
          withCssVariables={false}
          withGlobalClasses={false}
        >
          <ErrorBoundary>
            <App invitation={invitation} />
          </ErrorBoundary>
        </MantineProvider>
      </QueryClientProvider>
    </StrictMode>,
  );
}
