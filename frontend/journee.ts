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

on("next", () => move(1));
on("previous", () => move(-1));
on("open", () => current()?.querySelector<HTMLAnchorElement>("a[data-ouvrir]")?.click());
on("arrived", () => current()?.querySelector<HTMLFormElement>("form[data-arrivee]")?.requestSubmit());
