/** Loaded on every page of the product. */

import { startDiscreet, toggleDiscreet } from "./modules/discreet.ts";
import { startIdle } from "./modules/idle.ts";
import { on, startKeyboard } from "./modules/keyboard.ts";
import { startSearch } from "./modules/search.ts";
import { startSigned } from "./modules/signed.ts";
import { startToasts } from "./modules/toast.ts";

startDiscreet();
startKeyboard();
startSearch();
startToasts();
startSigned();
startIdle();
on("discreet", toggleDiscreet);
document.querySelectorAll<HTMLElement>("[data-print]").forEach((button) => {
  button.addEventListener("click", () => window.print());
});
