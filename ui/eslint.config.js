import globals from "globals";
import svelte from "eslint-plugin-svelte";
import ts from "typescript-eslint";

/** What a layer may not import: `core` knows no browser and nothing above it. */
const above = {
  "src/core/**": ["**/api/**", "**/query/**", "**/charts/**", "**/panels/**", "**/editor/**", "**/views/**", "**/shell/**", "svelte", "uplot"],
  "src/api/**": ["**/query/**", "**/charts/**", "**/panels/**", "**/editor/**", "**/views/**", "**/shell/**"],
  "src/query/**": ["**/charts/**", "**/panels/**", "**/editor/**", "**/views/**", "**/shell/**"],
  "src/charts/**": ["**/api/**", "**/panels/**", "**/editor/**", "**/views/**", "**/shell/**"],
  "src/panels/**": ["**/editor/**", "**/views/**"],
};

export default [
  { ignores: ["node_modules/**"] },
  ...ts.configs.recommended,
  ...svelte.configs.recommended,
  {
    languageOptions: { globals: { ...globals.browser, ...globals.node } },
    rules: {
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
      "@typescript-eslint/consistent-type-imports": "error",
      "no-console": "error",
      eqeqeq: "error",
    },
  },
  { files: ["**/*.svelte", "**/*.svelte.ts"], languageOptions: { parserOptions: { parser: ts.parser } } },
  ...Object.entries(above).map(([files, group]) => ({
    files: [`${files}/*.ts`, `${files}/*.svelte`, `${files}/*.svelte.ts`],
    rules: { "no-restricted-imports": ["error", { patterns: [{ group, message: "a lower layer may not import a higher one" }] }] },
  })),
];
