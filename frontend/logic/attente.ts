/** A request that waits for somebody's telephone: what is said of the time left, and when to ask again. No DOM, no network. */

const NBSP = "\u00a0";
/** After an answer that never came: the network of the workstation, or our server. */
export const AFTER_FAILURE_S = 5;

export type Answer =
  | { readonly kind: "over"; readonly url: string }
  | { readonly kind: "waiting"; readonly nextS: number; readonly leftS: number; readonly outage: string | null };

/** « 1 min 52 s », « 9 s »: as the server wrote it first. */
export function inWords(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const minutes = Math.floor(whole / 60);
  const rest = whole % 60;
  return minutes ? `${minutes}${NBSP}min${NBSP}${String(rest).padStart(2, "0")}${NBSP}s` : `${rest}${NBSP}s`;
}

/** What the server said; null when it is nothing that this page knows. Only a path of this site is gone to. */
export function read(body: unknown): Answer | null {
  if (typeof body !== "object" || body === null) return null;
  const { url, suite_s: nextS, reste_s: leftS, panne } = body as Record<string, unknown>;
  if (typeof url === "string") return /^\/(?![/\\])/.test(url) ? { kind: "over", url } : null;
  if (typeof nextS !== "number" || typeof leftS !== "number") return null;
  return { kind: "waiting", nextS, leftS, outage: typeof panne === "string" ? panne : null };
}

/** Seconds before the next question: never sooner than the server says, and once more as the time runs out. */
export function nextIn(nextS: number, leftS: number): number {
  return Math.max(1, Math.min(nextS, leftS + 1));
}
