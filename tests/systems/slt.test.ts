/** The answer files of tests/slt, run by Spark: what is not Spark's answer must be listed in docs/differences.md. */
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { answerLines } from "../slt/answers.ts";
import { parseSlt } from "../slt/slt-file.ts";
import { listedUnder } from "./differences.ts";
import { useEngines } from "./spark/engines.ts";

const { Spark } = await useEngines();

const folder = new URL("../slt/", import.meta.url);
const names = readdirSync(folder)
  .filter((name) => name.endsWith(".slt"))
  .sort();

test.each(names)("%s", async (name) => {
  const allowed = listedUnder("Answers");
  const unexplained: string[] = [];
  const needless: string[] = [];
  for (const section of parseSlt(readFileSync(new URL(name, folder), "utf8")).sections) {
    const results = await Spark.slt(section);
    for (const [i, each] of section.cases.entries()) {
      const theirs = answerLines(each, results[i]!).join("\n");
      const ours = each.expected.join("\n");
      if (theirs === ours) {
        if (allowed.has(each.text)) needless.push(each.text);
      } else if (!allowed.has(each.text)) {
        unexplained.push(`> ${each.text}\nMillrace:\n${ours}\nSpark:\n${theirs}\n`);
      }
    }
  }
  expect(unexplained.join("\n")).toBe("");
  expect(needless, "listed, but the same").toEqual([]);
});
