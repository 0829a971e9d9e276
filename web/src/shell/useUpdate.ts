/**
 * Takes a new build of the app where nothing is open that loading again could lose: on the lock
 * screen, which every session begins with.
 */
import { useEffect, useRef } from "react";

export function useUpdate(busy: boolean): void {
  const occupied = useRef(busy);
  occupied.current = busy;

  useEffect(() => {
    const container = navigator.serviceWorker;
    // The first installation takes the page over too; that is no new build.
    if (!container?.controller) {
      return undefined;
    }
    let stopped = false;
    const take = (registration: ServiceWorkerRegistration) => {
      if (!stopped && !occupied.current) {
        registration.waiting?.postMessage("activate");
      }
    };
    const reload = () => {
      if (!stopped && !occupied.current) {
        location.reload();
      }
    };
    container.addEventListener("controllerchange", reload);
    void container.ready.then((registration) => {
      take(registration);
      registration.addEventListener("updatefound", () => {
        registration.installing?.addEventListener("statechange", () => take(registration));
      });
      return registration.update().catch(() => {
        // Out of reach: asked again at the next lock.
      });
    });
    return () => {
      stopped = true;
      container.removeEventListener("controllerchange", reload);
    };
  }, []);
}
