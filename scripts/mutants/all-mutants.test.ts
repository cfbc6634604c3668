/** The list of mutants keeps up with the sources; whether tests see the mutants takes long and is `npm run mutants`. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { allMutants } from "./all-mutants.ts";
import { equivalentMutants } from "./equivalent.ts";
import { edited } from "./sandbox.ts";

const root = join(import.meta.dirname, "../..");

test.each(allMutants)("$name: its texts are in the sources, once each, and its tests exist", ({ edits, tests }) => {
  for (const file of new Set(edits.map((edit) => edit.file))) {
    const text = readFileSync(join(root, "packages/core/src", file), "utf8");
    const ofFile = edits.filter((edit) => edit.file === file);
    expect(edited(text, ofFile)).not.toBe(text);
  }
  for (const path of tests) expect(existsSync(join(root, path)), path).toBe(true);
});

test("names are different, and every proof is of a mutant", () => {
  const names = new Set(allMutants.map(({ name }) => name));
  expect(names.size).toBe(allMutants.length);
  expect(equivalentMutants.filter(({ name }) => !names.has(name))).toEqual([]);
});
