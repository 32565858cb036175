/**
 * The session has ended on the server: the screen locks over the page, which keeps what was typed.
 *
 * The server is asked when its own count says so, never by a timer of ours that could disagree. Asking does not
 * prolong the session (header X-Presence). The log-in opens in another window; back here, the same person unlocks.
 */

import { meta, setMeta } from "./page.ts";

const SOONEST_MS = 20_000;
const LATEST_MS = 300_000;

type Resumed = () => void;
const waiting: Resumed[] = [];
let timer: number | undefined;

interface SessionAnswer {
  csrf_token: string;
  compte_id: string;
  restant_s: number;
}

function overlay(): HTMLDialogElement | null {
  return document.querySelector<HTMLDialogElement>("#verrou");
}

export function onResume(act: Resumed): void {
  waiting.push(act);
}

/** Locks the screen; called on any 401. */
export function lock(): void {
  const dialog = overlay();
  if (dialog && !dialog.open) dialog.showModal();
}

/** Our fetch: token in the header, session watched, connection given up after ten seconds. */
export async function ask(url: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  headers.set("X-Requested-With", "fetch");
  if (init.method === "POST") headers.set("X-CSRF-Token", meta("csrf-token"));
  const signal = init.signal ?? AbortSignal.timeout(10_000);
  const response = await fetch(url, { credentials: "same-origin", redirect: "error", ...init, headers, signal });
  if (response.status === 401) lock();
  return response;
}

async function readSession(): Promise<void> {
  try {
    const response = await ask(meta("session-url"), { headers: { Accept: "application/json", "X-Presence": "1" } });
    if (response.ok) unlock((await response.json()) as SessionAnswer);
    else plan(LATEST_MS);
  } catch {
    plan(SOONEST_MS);
  }
}

function unlock(session: SessionAnswer): void {
  plan(Math.min(LATEST_MS, Math.max(SOONEST_MS, session.restant_s * 1000 + 2_000)));
  const same = session.compte_id === meta("compte-id");
  const other = document.querySelector<HTMLElement>("#verrou-autre");
  if (other) other.hidden = same;
  if (!same) {
    lock();
    return;
  }
  setMeta("csrf-token", session.csrf_token);
  for (const field of document.querySelectorAll<HTMLInputElement>('input[name="csrf_token"]')) {
    field.value = session.csrf_token;
  }
  overlay()?.close();
  for (const act of waiting) act();
}

const sending = new WeakSet<HTMLFormElement>();

/** A form leaves once the session is known to stand: else the screen locks over it, and what was typed stays. */
function hold(event: SubmitEvent): void {
  const form = event.target as HTMLFormElement;
  const button = event.submitter;
  const method = button?.getAttribute("formmethod") ?? form.method;
  if (event.defaultPrevented || method !== "post" || sending.has(form)) return;
  event.preventDefault();
  sending.add(form);
  void stands()
    .then((known) => {
      if (known) form.requestSubmit(button);
    })
    .finally(() => sending.delete(form));
}

/** Unless the server says that the session ended, the form is sent: whatever else fails has its own page. */
async function stands(): Promise<boolean> {
  try {
    const response = await ask(meta("session-url"), { headers: { Accept: "application/json", "X-Presence": "1" } });
    if (response.ok) unlock((await response.json()) as SessionAnswer);
    return response.status !== 401;
  } catch {
    return true;
  }
}

function plan(ms: number): void {
  window.clearTimeout(timer);
  timer = window.setTimeout(() => void readSession(), ms);
}

export function startIdle(): void {
  if (!meta("session-url")) return;
  overlay()?.addEventListener("cancel", (event) => event.preventDefault());
  document.querySelector("#verrou-verifier")?.addEventListener("click", () => void readSession());
  const back = (): void => {
    if (document.visibilityState === "visible" && overlay()?.open) void readSession();
  };
  document.addEventListener("visibilitychange", back);
  window.addEventListener("focus", back);
  document.addEventListener("submit", hold);
  plan(Number(meta("session-restant") || "300") * 1000 + 2_000);
}
