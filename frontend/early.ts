/** Runs before the first paint, as a classic script: a page must never flash what discreet mode hides. */

{
  const root = document.documentElement;
  root.dataset.script = "";
  try {
    if (localStorage.getItem("spst.discreet") === "1") root.dataset.discreet = "";
    if (localStorage.getItem("spst.density") === "dense") root.dataset.density = "dense";
  } catch {
    // A browser that keeps nothing shows the page as the server wrote it.
  }
}
