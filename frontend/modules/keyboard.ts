/** Listens to the keyboard, obeys the map, shows it behind « ? ». */

import { bindingsOf, commandFor, type Binding, type Command, type Page } from "../logic/keymap.ts";
import { element, preference, setPreference } from "./page.ts";

const FIELDS = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]";
const CONTROLS = "a, button, summary, input, select, textarea";
const handlers = new Map<Command | "step", (step: number) => void>();

export function on(command: Command | "step", act: (step: number) => void): void {
  handlers.set(command, act);
}

function page(): Page {
  return (document.body.dataset.page as Page | undefined) ?? "partout";
}

function lettersOn(): boolean {
  return preference("letters") !== "0";
}

function listen(event: KeyboardEvent): void {
  if (event.isComposing || event.repeat || document.querySelector("dialog[open]")) return;
  const target = event.target as Element;
  const command = commandFor(
    { key: event.key, code: event.code, ctrl: event.ctrlKey, meta: event.metaKey, alt: event.altKey },
    {
      page: page(),
      letters: lettersOn(),
      typing: target.matches(FIELDS),
      onControl: target.matches(CONTROLS),
    },
  );
  if (command === null) return;
  const step = command.startsWith("step-") ? Number(command.slice(5)) : 0;
  const act = handlers.get(step > 0 ? "step" : command);
  if (act === undefined) return;
  event.preventDefault();
  act(step);
}

function line(binding: Binding): HTMLElement[] {
  const keys = binding.shown.flatMap((key) => [element("kbd", {}, key), " "]);
  return [element("dt", {}, ...keys), element("dd", {}, binding.label)];
}

/** Fills the lists `dl[data-keys]`: "page" holds the keys of this page alone, "partout" those of every page. */
function fillLists(): void {
  const all = bindingsOf(page(), (selector) => document.querySelector(selector) !== null);
  for (const list of document.querySelectorAll<HTMLElement>("dl[data-keys]")) {
    const everywhere = list.dataset.keys === "partout";
    const lines = all.filter((one) => (one.page === "partout") === everywhere);
    list.replaceChildren(...lines.flatMap(line));
    list.closest<HTMLElement>("[data-keys-box]")?.toggleAttribute("hidden", lines.length === 0);
  }
}

function showMap(): void {
  document.querySelector<HTMLDialogElement>("#clavier")?.showModal();
}

export function startKeyboard(): void {
  fillLists();
  on("help", showMap);
  const box = document.querySelector<HTMLInputElement>("#clavier-lettres");
  if (box) {
    box.checked = lettersOn();
    box.addEventListener("change", () => setPreference("letters", box.checked ? "1" : "0"));
  }
  document.addEventListener("keydown", listen);
  document.addEventListener("click", (event) => {
    const opener = (event.target as Element).closest<HTMLElement>("[data-dialog]");
    if (!opener) return;
    const dialog = document.getElementById(opener.dataset.dialog ?? "");
    if (!(dialog instanceof HTMLDialogElement)) return;
    event.preventDefault();
    dialog.showModal();
  });
}
