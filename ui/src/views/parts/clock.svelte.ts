/** The time of day as pages show ages by; it moves every few seconds while somebody looks. */

import { createSubscriber } from "svelte/reactivity";

const EVERY_MS = 5000;

const watch = createSubscriber((update) => {
  const timer = setInterval(update, EVERY_MS);
  return () => clearInterval(timer);
});

/** Now, in ms; read where something is drawn, it is drawn again as time goes on. */
export function now(): number {
  watch();
  return Date.now();
}
