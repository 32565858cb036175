/** Ma journée at the keyboard: J and K move through the appointments, Enter opens, A marks an arrival. */

import { on } from "./modules/keyboard.ts";

function entries(): HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>("[data-rendez-vous]")];
}

function current(): HTMLElement | null {
  return document.querySelector<HTMLElement>('[data-rendez-vous][aria-current="true"]');
}

function select(entry: HTMLElement | undefined): void {
  if (!entry) return;
  current()?.removeAttribute("aria-current");
  entry.setAttribute("aria-current", "true");
  entry.focus();
}

function move(by: 1 | -1): void {
  const all = entries();
  const focused = document.activeElement?.closest<HTMLElement>("[data-rendez-vous]") ?? current();
  const start = all.findIndex((one) => one.classList.contains("now"));
  const at = focused ? all.indexOf(focused) + by : Math.max(start, 0);
  select(all[Math.min(Math.max(at, 0), all.length - 1)]);
}

/** Marking an arrival reloads the page: whoever marks several of them goes on from where he was. */
const PLACE = "spst.journee.place";

function keepPlace(index: number): void {
  try {
    sessionStorage.setItem(PLACE, String(index));
  } catch {
    // The next page then begins at its beginning.
  }
}

function takePlace(): number {
  try {
    const kept = sessionStorage.getItem(PLACE);
    sessionStorage.removeItem(PLACE);
    return kept === null ? -1 : Number(kept);
  } catch {
    return -1;
  }
}

on("next", () => move(1));
on("previous", () => move(-1));
on("open", () => current()?.querySelector<HTMLAnchorElement>("a[data-ouvrir]")?.click());
on("arrived", () => {
  const entry = current();
  const form = entry?.querySelector<HTMLFormElement>("form[data-arrivee]");
  if (!entry || !form) return;
  keepPlace(entries().indexOf(entry));
  form.requestSubmit();
});
select(entries()[takePlace()]);
