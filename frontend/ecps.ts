/** Waiting for the e-CPS: the time left runs, the server is asked at the pace that it gives, and the page goes on by itself. */

import { AFTER_FAILURE_S, inWords, nextIn, read } from "./logic/attente.ts";
import { ask } from "./modules/idle.ts";
import { element, icon } from "./modules/page.ts";

const UNREACHABLE = "Le service ne répond pas pour l’instant. Votre demande continue : nous réessayons.";

function start(frame: HTMLElement): void {
  const left = frame.querySelector<HTMLElement>("[data-ecps-reste]");
  const outage = document.querySelector<HTMLElement>("[data-ecps-panne]");
  let endsAt = performance.now() + Number(frame.dataset.reste ?? "0") * 1000;
  const leftS = (): number => (endsAt - performance.now()) / 1000;

  const say = (text: string | null): void => {
    if (!outage || (outage.textContent ?? "").trim() === (text ?? "")) return;
    outage.replaceChildren(...(text ? [element("div", { class: "notice notice-warn" }, icon("offline"), element("p", {}, text))] : []));
  };

  const plan = (seconds: number): void => {
    window.setTimeout(() => void poll(), nextIn(seconds, leftS()) * 1000);
  };

  const poll = async (): Promise<void> => {
    try {
      const headers = { Accept: "application/json", "X-Presence": "1" };
      const response = await ask(frame.dataset.url ?? "", { method: "POST", headers, signal: AbortSignal.timeout(40_000) });
      // Another window went on with this session: what this one waits for is over, and asking again would say nothing.
      if (response.status >= 400 && response.status < 500) {
        location.replace(frame.dataset.retour ?? "/");
        return;
      }
      const answer = response.ok ? read(await response.json()) : null;
      if (answer?.kind === "over") {
        location.replace(answer.url);
        return;
      }
      if (!answer) throw new TypeError("unknown answer");
      endsAt = performance.now() + answer.leftS * 1000;
      say(answer.outage);
      plan(answer.nextS);
    } catch {
      say(UNREACHABLE);
      plan(AFTER_FAILURE_S);
    }
  };

  window.setInterval(() => {
    if (left) left.textContent = inWords(leftS());
  }, 1000);
  plan(1);
}

const frame = document.querySelector<HTMLElement>("[data-ecps]");
if (frame) start(frame);
