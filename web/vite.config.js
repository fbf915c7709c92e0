import { defineConfig } from "vite";

// The built pages land in the Python package; `index.html` is the fallback for every deep link.
export default defineConfig({
  base: "/",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: process.env.ECOTWIN_PAGES_OUT ?? "../src/ecotwin/service/built",
    emptyOutDir: true,
    target: "es2022",
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: true,
  },
  server: { host: "127.0.0.1", proxy: { "/api": "http://127.0.0.1:8477" } },
});
