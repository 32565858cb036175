/** htmx, on the pages that ask for it. Its settings stand in the page's meta tag. */

import "htmx.org";
import { lock } from "./modules/idle.ts";

document.addEventListener("htmx:after:request", (event) => {
  const detail = (event as CustomEvent<{ ctx?: { response?: { raw?: Response } } }>).detail;
  if (detail.ctx?.response?.raw?.status === 401) lock();
});
