import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { functionsPage } from "./functions-page.ts";

test("docs/functions.md is what the registry says (npm run docs:functions writes it)", () => {
  const path = join(import.meta.dirname, "..", "..", "docs", "functions.md");
  expect(readFileSync(path, "utf8")).toBe(functionsPage());
});
