/**
 * Passkeys: asks the server for a challenge, lets the person answer on the device, and posts the answer in the page's own form.
 * Without this script, or where the browser knows no passkey, password and code remain.
 */

import { element, icon, meta } from "./modules/page.ts";

type Kind = "get" | "create";

const UNKNOWN = "Ce navigateur ne connaît pas les clés d’accès. Entrez par mot de passe et code.";
const UNAVAILABLE = "Le service ne répond pas. Recommencez dans un instant.";
const SENTENCES: Readonly<Record<string, string>> = {
  InvalidStateError: "Cet appareil a déjà une de vos clés.",
  NotAllowedError: "Rien n’a été reçu de votre appareil. Recommencez, ou entrez par mot de passe et code.",
  NotSupportedError: "Cet appareil ne sait pas faire une telle clé. Essayez-en un autre.",
  SecurityError: "Une clé d’accès ne sert qu’à l’adresse de ce service, et cette page en a une autre.",
};

/** What the server refuses, in its own words. */
class Refused extends Error {}

async function challenge(address: string): Promise<unknown> {
  const response = await fetch(address, {
    method: "POST",
    credentials: "same-origin",
    redirect: "error",
    headers: { Accept: "application/json", "X-CSRFToken": meta("csrf-token"), "X-Requested-With": "fetch" },
  });
  const body = (await response.json()) as { erreur?: string };
  if (!response.ok) throw new Refused(body.erreur ?? UNAVAILABLE);
  return body;
}

async function ask(kind: Kind, address: string): Promise<PublicKeyCredential> {
  const options = await challenge(address);
  const found =
    kind === "create"
      ? await navigator.credentials.create({
          publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options as PublicKeyCredentialCreationOptionsJSON),
        })
      : await navigator.credentials.get({
          publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options as PublicKeyCredentialRequestOptionsJSON),
        });
  if (!(found instanceof PublicKeyCredential)) throw new DOMException("", "NotAllowedError");
  return found;
}

function isKnown(): boolean {
  return "PublicKeyCredential" in window && "parseRequestOptionsFromJSON" in PublicKeyCredential;
}

function sentence(error: unknown): string {
  if (error instanceof Refused) return error.message;
  if (error instanceof DOMException) return SENTENCES[error.name] ?? UNAVAILABLE;
  return UNAVAILABLE;
}

function say(form: HTMLFormElement, text: string): void {
  form.querySelector("[data-cle-dit]")?.remove();
  const notice = element("div", { class: "notice notice-stop", "data-cle-dit": "" }, icon("alert"), element("p", { role: "alert" }));
  form.prepend(notice);
  notice.lastElementChild!.textContent = text;
}

/** One ceremony at a time: the device shows one question. */
let asking = false;

async function answer(form: HTMLFormElement, kind: Kind): Promise<void> {
  if (!isKnown()) return say(form, UNKNOWN);
  if (asking) return;
  asking = true;
  try {
    const credential = await ask(kind, form.dataset.defi ?? "");
    form.querySelector<HTMLInputElement>("[name=reponse]")!.value = JSON.stringify(credential.toJSON());
    form.submit();
  } catch (error) {
    say(form, sentence(error));
  } finally {
    asking = false;
  }
}

document.querySelectorAll<HTMLFormElement>("form[data-cle]").forEach((form) => {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void answer(form, form.dataset.cle === "create" ? "create" : "get");
  });
});
