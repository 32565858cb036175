/** Discreet mode: what is sensitive stays in its place, unreadable, out of reach of a screen reader and of the focus. */

import { icon, preference, setPreference } from "./page.ts";

const root = document.documentElement;

function apply(on: boolean): void {
  root.toggleAttribute("data-discreet", on);
  for (const part of document.querySelectorAll<HTMLElement>("[data-sensitive]")) {
    part.toggleAttribute("inert", on);
    if (on) part.setAttribute("aria-hidden", "true");
    else part.removeAttribute("aria-hidden");
  }
  for (const button of document.querySelectorAll<HTMLButtonElement>("[data-discreet-toggle]")) {
    button.setAttribute("aria-pressed", String(on));
    button.querySelector("svg")?.replaceWith(icon(on ? "eye" : "eyeoff"));
    const label = button.querySelector("span");
    if (label) label.textContent = on ? "Tout montrer" : "Mode discret";
  }
}

export function toggleDiscreet(): void {
  const on = !root.hasAttribute("data-discreet");
  setPreference("discreet", on ? "1" : "0");
  apply(on);
}

export function startDiscreet(): void {
  apply(root.hasAttribute("data-discreet"));
  document.addEventListener("click", (event) => {
    if ((event.target as Element).closest("[data-discreet-toggle]")) toggleDiscreet();
  });
  window.addEventListener("storage", (event) => {
    if (event.key === "spst.discreet") apply(preference("discreet") === "1");
  });
}
