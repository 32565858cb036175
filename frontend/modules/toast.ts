/** What was done, with its undo for ten seconds. One at a time; the count stops while the toast is looked at. */

import { element, icon } from "./page.ts";

const SECONDS = 10;

function host(): HTMLElement {
  const found = document.querySelector<HTMLElement>("#avis");
  if (found) return found;
  const made = element("div", { id: "avis", role: "status" });
  document.body.append(made);
  return made;
}

export function toast(message: string, undo?: () => void): void {
  const box = element("div", { class: "toast" }, element("span", {}, message));
  const label = element("span", {}, "Annuler");
  if (undo) {
    const button = element("button", { class: "btn btn-s", type: "button" }, icon("undo"), label);
    button.addEventListener("click", () => {
      box.remove();
      undo();
    });
    box.append(button);
  }
  host().replaceChildren(box);
  count(box, label);
}

function count(box: HTMLElement, label: HTMLElement | null): void {
  const verb = label?.textContent ?? "";
  let left = SECONDS;
  const say = (): void => {
    if (label) label.textContent = `${verb} (${left} s)`;
  };
  let paused = false;
  for (const name of ["pointerenter", "focusin"]) box.addEventListener(name, () => (paused = true));
  for (const name of ["pointerleave", "focusout"]) box.addEventListener(name, () => (paused = false));
  say();
  const timer = window.setInterval(() => {
    if (!box.isConnected) window.clearInterval(timer);
    if (paused) return;
    left -= 1;
    say();
    if (left > 0) return;
    window.clearInterval(timer);
    box.remove();
  }, 1_000);
}

/** Toasts that the server wrote: their undo is a form, only the count is ours. */
export function startToasts(): void {
  const box = document.querySelector<HTMLElement>("#avis .toast");
  if (box) count(box, box.querySelector("[data-compte]"));
}
