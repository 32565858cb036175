/** A text that is signed once: when Back brings it in the field again beside its signed line, the field is emptied. */

function signedIn(page: Document): string[] {
  return [...page.querySelectorAll("[data-signe]")].map((line) => line.textContent?.trim() ?? "");
}

function empty(field: HTMLTextAreaElement, page: Document): boolean {
  const isSigned = field.value.trim() !== "" && signedIn(page).includes(field.value.trim());
  if (isSigned) field.value = "";
  return isSigned;
}

/** The page was kept whole by the browser: it does not know what was signed since. A text whose sending failed stays. */
async function ask(field: HTMLTextAreaElement): Promise<void> {
  try {
    const response = await fetch(location.pathname, { headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    if (response.ok && empty(field, page)) location.reload();
  } catch {
    // Offline: the text stays where it is.
  }
}

export function startSigned(): void {
  const field = document.querySelector<HTMLTextAreaElement>("form[data-a-signer] textarea");
  if (!field) return;
  // The browser puts back what was typed before this event.
  window.addEventListener("pageshow", (event) => {
    if (!empty(field, document) && event.persisted && field.value.trim() !== "") void ask(field);
  });
}
