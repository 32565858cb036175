import { defineConfig } from "vite";

// Every entry is named from its path in frontend/: templates ask for it by that name with asset("main.ts").
export default defineConfig({
  root: "frontend",
  base: "/static/dist/",
  publicDir: false,
  build: {
    outDir: "../spst/web/static/dist",
    emptyOutDir: true,
    manifest: true,
    target: "es2022",
    // The content security policy allows no data: address and no inline script.
    assetsInlineLimit: 0,
    modulePreload: false,
    rolldownOptions: {
      input: ["early.ts", "main.ts", "journee.ts", "visite.ts", "fragments.ts", "ecps.ts", "politique.ts", "cles.ts", "styles/main.css", "icone.svg"].map(
        (entry) => `frontend/${entry}`,
      ),
      output: {
        // What main.ts loads on every page travels as one file.
        codeSplitting: { groups: [{ name: "commun", test: /frontend\/(?:modules\/(?!notes)|logic\/keymap)/ }] },
      },
    },
  },
});
