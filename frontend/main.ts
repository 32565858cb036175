/** Loaded on every page of the product. */

import { startDiscreet, toggleDiscreet } from "./modules/discreet.ts";
import { startIdle } from "./modules/idle.ts";
import { on, startKeyboard } from "./modules/keyboard.ts";
import { meta } from "./modules/page.ts";
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
// Paper has nothing to press: browsers that cannot show a closed part in print are given it open.
window.addEventListener("beforeprint", () => {
  document.querySelectorAll<HTMLDetailsElement>("details.more").forEach((part) => (part.open = true));
});
// A form that was refused answers from the address of its act: Back, reloading and the address bar are given the page's own.
const address = meta("adresse");
if (address && new URL(address, location.href).pathname !== location.pathname) history.replaceState(null, "", address);
document.querySelectorAll<HTMLElement>("[data-print]").forEach((button) => {
  button.addEventListener("click", () => window.print());
});
