import type { SessionSync } from "../../crates/sessrum-web/assets/session-sync.js";

declare global {
  /** What `application.html` keeps. */
  interface Window {
    sync: SessionSync;
    events: { type: string; detail: any; at: number }[];
  }
}
