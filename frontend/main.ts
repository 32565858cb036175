/** Loaded on every page of the product. */

import { startDiscreet, toggleDiscreet } from "./modules/discreet.ts";
import { startIdle } from "./modules/idle.ts";
import { on, startKeyboard } from "./modules/keyboard.ts";
import { startSearch } from "./modules/search.ts";
import { startToasts } from "./modules/toast.ts";

startDiscreet();
startKeyboard();
startSearch();
startToasts();
startIdle();
on("discreet", toggleDiscreet);
// Paper has nothing to press: browsers that cannot show a closed part in print are given it open.
window.addEventListener("beforeprint", () => {
  document.querySelectorAll<HTMLDetailsElement>("details.more").forEach((part) => (part.open = true));
});
document.querySelectorAll<HTMLElement>("[data-print]").forEach((button) => {
  button.addEventListener("click", () => window.print());
});
