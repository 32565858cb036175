/** The fields of a visit on the screen: each has its draft, its mark, its conflict shown with both texts. */

import { Draft, readAnswer, type Answer, type Payload, type State, type Theirs } from "../logic/autosave.ts";
import { ask, onResume } from "./idle.ts";
import { element, hourWithSeconds, icon } from "./page.ts";

type Mark = { readonly css: string; readonly icon: string; readonly text: string };

const WAITING: Mark = { css: "saved busy", icon: "clock", text: "Enregistrement…" };
const LOST: Mark = { css: "saved lost", icon: "offline", text: "Hors ligne, votre texte est gardé dans cette page" };
const CONFLICT: Mark = { css: "saved lost", icon: "alert", text: "Deux textes, choisissez" };
const REFUSED: Mark = { css: "saved lost", icon: "alert", text: "Pas enregistré" };

function markOf(state: State): Mark | null {
  switch (state.name) {
    case "untouched":
      return null;
    case "waiting":
    case "saving":
      return WAITING;
    case "saved":
      return { css: "saved", icon: "check", text: `Enregistré à ${hourWithSeconds(state.at)}` };
    case "conflict":
      return CONFLICT;
    case "refused":
      return REFUSED;
    default:
      return LOST;
  }
}

class Note {
  readonly draft: Draft;
  readonly #area: HTMLTextAreaElement;
  readonly #field: HTMLElement;
  readonly #changed: () => void;
  #conflict: HTMLElement | null = null;

  constructor(area: HTMLTextAreaElement, url: string, changed: () => void) {
    this.#area = area;
    this.#changed = changed;
    this.#field = area.closest<HTMLElement>(".field") ?? area;
    this.draft = new Draft(area.value, Number(area.dataset.revision ?? "0"), {
      send: (payload) => send(url, area.dataset.rubrique ?? "", payload),
      now: () => Date.now(),
      later: (ms, act) => {
        const timer = window.setTimeout(act, ms);
        return () => window.clearTimeout(timer);
      },
      newId: () => crypto.randomUUID(),
      changed: (state) => this.#show(state),
    });
    area.addEventListener("input", () => this.draft.type(area.value));
  }

  #show(state: State): void {
    const mark = markOf(state);
    const place = this.#field.querySelector<HTMLElement>("[data-mark]");
    if (place && mark) {
      place.className = mark.css;
      place.hidden = false;
      place.replaceChildren(icon(mark.icon, true), mark.text);
    }
    this.#showRefusal(state.name === "refused" ? state.message : "");
    if (state.name === "conflict") this.#showConflict(state.theirs);
    else this.#endConflict();
    this.#changed();
  }

  #showRefusal(message: string): void {
    const error = this.#field.querySelector<HTMLElement>("[data-error]");
    this.#area.toggleAttribute("aria-invalid", false);
    if (message) this.#area.setAttribute("aria-invalid", "true");
    if (!error) return;
    error.hidden = message === "";
    error.replaceChildren(icon("alert", true), message);
  }

  #showConflict(theirs: Theirs): void {
    this.#endConflict();
    const own = theirs.auteur === "";
    const at = hourWithSeconds(theirs.savedAt);
    const title = own
      ? `Vous avez changé ce texte dans une autre fenêtre à ${at}. Gardez l’un ou l’autre.`
      : `${theirs.auteur} a changé ce texte à ${at}. Gardez sa valeur ou la vôtre.`;
    const here = own ? "Dans cette fenêtre" : "Le vôtre, dans cette fenêtre";
    const mine = this.#choice(here, this.#area.value, own ? "Garder celui-ci" : "Garder la vôtre", () => {
      this.draft.keepMine();
    });
    const saved = own ? "Dans l’autre fenêtre, enregistré" : "Le texte enregistré";
    const other = this.#choice(saved, theirs.texte, own ? "Garder celui-là" : "Garder sa valeur", () => {
      this.#area.value = this.draft.keepTheirs();
    });
    this.#conflict = element(
      "div",
      { class: "conflict", role: "alert" },
      element("p", {}, icon("alert"), element("b", {}, title)),
      element("div", { class: "conflict-two" }, other, mine),
    );
    this.#area.after(this.#conflict);
    this.#area.readOnly = true;
    // Under the hand that types, not under the dock; whoever writes elsewhere is not moved, the end of the visit will say it.
    const active = document.activeElement;
    if (active === this.#area || !active?.matches("textarea")) this.#conflict.scrollIntoView({ block: "nearest" });
  }

  get titre(): string {
    return this.#area.closest("section")?.querySelector("h2")?.textContent?.trim() ?? "";
  }

  /** Brings what is to be done under the eyes: the choice between two texts, or the text that is not saved. */
  show(): void {
    const place = this.#conflict ?? this.#area;
    (this.#conflict?.querySelector("button") ?? this.#area).focus({ preventScroll: true });
    place.scrollIntoView({ block: "nearest" });
  }

  #choice(title: string, texte: string, verb: string, act: () => void): HTMLElement {
    const button = element("button", { class: "btn btn-s", type: "button" }, verb);
    button.addEventListener("click", () => {
      act();
      this.#area.focus();
    });
    const quote = element("blockquote", { "data-sensitive": "" }, texte || "(vide)");
    return element("div", {}, element("p", { class: "small soft" }, title), quote, element("p", {}, button));
  }

  #endConflict(): void {
    if (!this.#conflict) return;
    this.#conflict.remove();
    this.#conflict = null;
    this.#area.readOnly = false;
  }
}

async function send(url: string, rubrique: string, payload: Payload): Promise<Answer> {
  const body = new URLSearchParams({
    rubrique,
    texte: payload.texte,
    revision: String(payload.revision),
    operation_id: payload.operationId,
  });
  try {
    const response = await ask(url, {
      method: "POST",
      body,
      headers: { Accept: "application/json" },
      // Lets the last save outlive the page; browsers allow it up to 64 kB.
      keepalive: payload.texte.length < 15_000,
    });
    const isJson = response.headers.get("Content-Type")?.startsWith("application/json") ?? false;
    return readAnswer(response.status, isJson ? ((await response.json()) as Record<string, unknown>) : null);
  } catch {
    return { kind: "lost" };
  }
}

export class Notes {
  readonly #notes: Note[];
  #guarded = true;

  constructor() {
    const form = document.querySelector<HTMLElement>("[data-autosave-url]");
    const url = form?.dataset.autosaveUrl ?? "";
    const areas = form?.querySelectorAll<HTMLTextAreaElement>("textarea[data-rubrique]") ?? [];
    this.#notes = [...areas].map((area) => new Note(area, url, () => this.#banner()));
    const resume = (): void => this.#notes.forEach((note) => note.draft.resume());
    onResume(resume);
    window.addEventListener("online", resume);
    window.addEventListener("beforeunload", (event) => {
      if (this.#guarded && this.unsaved) event.preventDefault();
    });
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden") void this.flush();
    });
  }

  get unsaved(): boolean {
    return this.#notes.some((note) => note.draft.unsaved);
  }

  /** Shows the first note that is not saved, and says why it holds the visit open. */
  showUnsaved(): string {
    const note = this.#notes.find((one) => one.draft.unsaved);
    if (!note) return "";
    note.show();
    const why =
      note.draft.state.name === "conflict" ? "choisissez d’abord entre les deux textes" : "ce texte n’est pas encore enregistré";
    return `« ${note.titre} »\u202f: ${why}. La visite reste ouverte.`;
  }

  /** The page leaves by its own door: everything is saved, no guard. */
  release(): void {
    this.#guarded = false;
  }

  async flush(): Promise<boolean> {
    const kept = await Promise.all(this.#notes.map((note) => note.draft.flush()));
    return kept.every(Boolean);
  }

  #banner(): void {
    const lost = this.#notes.some((note) => note.draft.state.name === "lost");
    const banner = document.querySelector<HTMLElement>("#hors-ligne");
    if (banner) banner.hidden = !lost;
  }
}
