import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

/** Builds the gallery alone; it is no part of the product. */
export default defineConfig({
  root: import.meta.dirname,
  base: "./",
  plugins: [svelte({ configFile: false })],
  build: { target: "es2022", emptyOutDir: true, minify: false },
});
