/** Every answer file of this folder, run by the embedded engine. `npm run bless` rewrites the answers; read the diff. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { MillraceEngine } from "../systems/spark/plans.ts";
import { answerLines } from "./answers.ts";
import { parseSlt } from "./slt-file.ts";

let engine: MillraceEngine;
beforeAll(async () => {
  engine = await MillraceEngine.start();
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
});

const folder = new URL("./", import.meta.url);
const names = readdirSync(folder)
  .filter((name) => name.endsWith(".slt"))
  .sort();

test.each(names)(
  "%s",
  async (name) => {
    const file = new URL(name, folder);
    const golden = readFileSync(file, "utf8");
    const slt = parseSlt(golden);
    const answers: string[][] = [];
    for (const section of slt.sections) {
      const results = await engine.slt(section);
      for (const [i, each] of section.cases.entries()) answers.push(answerLines(each, results[i]!));
    }
    const actual = slt.rewritten(answers);
    if (process.env["MILLRACE_BLESS"] === "1") writeFileSync(file, actual);
    else expect(actual).toBe(golden);
  },
  60_000,
);
