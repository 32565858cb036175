/** The draft of a policy: cells change in place, and Ctrl Z takes the last change back. */

import "./fragments.ts";
import { on } from "./modules/keyboard.ts";

on("undo", () => document.querySelector<HTMLButtonElement>("[data-undo]")?.click());
