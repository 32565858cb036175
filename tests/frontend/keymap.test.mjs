import assert from "node:assert/strict";
import { test } from "node:test";

import { BINDINGS, bindingsOf, commandFor } from "../../build/frontend/logic/keymap.js";

const stroke = (key, more = {}) => ({ key, code: "", ctrl: false, meta: false, alt: false, ...more });
const setting = (page, more = {}) => ({ page, letters: true, typing: false, onControl: false, ...more });

test("Ctrl K seeks from anywhere, even while typing, in either case", () => {
  const typing = setting("visite", { typing: true, onControl: true, letters: false });
  assert.equal(commandFor(stroke("k", { ctrl: true }), typing), "search");
  assert.equal(commandFor(stroke("K", { meta: true }), setting("partout")), "search");
});

test("function keys act while typing", () => {
  const typing = setting("visite", { typing: true, onControl: true });
  assert.equal(commandFor(stroke("F2"), typing), "discreet");
  assert.equal(commandFor(stroke("F6"), typing), "nothing-to-report");
  assert.equal(commandFor(stroke("F9"), typing), "close-visit");
});

test("letters are never heard while typing", () => {
  for (const key of ["j", "k", "a", "?"]) {
    assert.equal(commandFor(stroke(key), setting("journee", { typing: true, onControl: true })), null);
  }
});

test("letters can be switched off, the other keys stay (WCAG 2.1.4)", () => {
  const off = setting("journee", { letters: false });
  for (const key of ["j", "k", "a", "?"]) assert.equal(commandFor(stroke(key), off), null);
  assert.equal(commandFor(stroke("Enter"), off), "open");
  assert.equal(commandFor(stroke("F2"), off), "discreet");
});

test("the keys of a page act on that page alone", () => {
  assert.equal(commandFor(stroke("j"), setting("journee")), "next");
  assert.equal(commandFor(stroke("j"), setting("dossier")), null);
  assert.equal(commandFor(stroke("F9"), setting("journee")), null);
});

test("Enter leaves links and buttons their own act", () => {
  assert.equal(commandFor(stroke("Enter"), setting("journee")), "open");
  assert.equal(commandFor(stroke("Enter"), setting("journee", { onControl: true })), null);
});

test("Alt and a digit go to a rubrique by the physical key, as on a French keyboard", () => {
  assert.equal(commandFor(stroke("&", { alt: true, code: "Digit1" }), setting("visite")), "step-1");
  assert.equal(commandFor(stroke("&", { alt: true, code: "Digit1" }), setting("journee")), null);
});

test("keys of the browser are left alone", () => {
  assert.equal(commandFor(stroke("a", { ctrl: true }), setting("journee")), null);
  assert.equal(commandFor(stroke("F5"), setting("visite")), null);
  assert.equal(commandFor(stroke("k", { ctrl: true, alt: true }), setting("journee")), null);
});

test("every key that acts is in the list shown, once", () => {
  const commands = BINDINGS.map((one) => one.command);
  assert.equal(new Set(commands).size, commands.length);
  assert.deepEqual(bindingsOf("journee").map((one) => one.command), ["search", "discreet", "help", "next", "previous", "open", "arrived"]);
});

test("the list shows only what the reader of the page may do", () => {
  const desk = bindingsOf("journee", (selector) => selector !== "[data-ouvrir]").map((one) => one.command);
  assert.deepEqual(desk, ["search", "discreet", "help", "next", "previous", "arrived"]);
  const portal = bindingsOf("partout", () => false).map((one) => one.command);
  assert.deepEqual(portal, ["help"]);
});
