/**
 * Writes docs/functions.md from the records of the function registry; with `--check` only says whether the file is what
 * it would write. Examples in the table are executed by packages/core/src/functions/examples.test.ts.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { functionsPage } from "./functions/functions-page.ts";

const path = join(import.meta.dirname, "..", "docs", "functions.md");
const page = functionsPage();
if (process.argv.includes("--check")) {
  if (readFileSync(path, "utf8") !== page) {
    console.error("docs/functions.md is not what the registry says. Run: npm run docs:functions");
    process.exitCode = 1;
  }
} else writeFileSync(path, page);
