/** What every module asks of the page: addresses and token in meta tags, preferences kept on this workstation. */

import sprite from "../sprite.svg?url";

export function meta(name: string): string {
  return document.querySelector<HTMLMetaElement>(`meta[name="${name}"]`)?.content ?? "";
}

export function setMeta(name: string, value: string): void {
  const tag = document.querySelector<HTMLMetaElement>(`meta[name="${name}"]`);
  if (tag) tag.content = value;
}

/** A preference of display, never a datum of a dossier. Private windows may refuse to keep it. */
export function preference(name: string): string | null {
  try {
    return localStorage.getItem(`spst.${name}`);
  } catch {
    return null;
  }
}

export function setPreference(name: string, value: string): void {
  try {
    localStorage.setItem(`spst.${name}`, value);
  } catch {
    // The choice then holds for this page alone.
  }
}

export function icon(name: string, small = false): SVGSVGElement {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("class", small ? "i i-s" : "i");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(space, "use");
  use.setAttribute("href", `${sprite}#i-${name}`);
  svg.append(use);
  return svg;
}

export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string>> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

const zone = document.documentElement.dataset.zone ?? "Europe/Paris";
const clock = new Intl.DateTimeFormat("fr-FR", {
  hour: "numeric",
  minute: "2-digit",
  second: "2-digit",
  timeZone: zone,
});

/** « 10:42:07 » in the zone of the SPST. */
export function hourWithSeconds(iso: string): string {
  const instant = new Date(iso);
  return Number.isNaN(instant.getTime()) ? "" : clock.format(instant).replace(/^0(?=\d:)/, "");
}
