import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { faultTable } from "../../tests/faults/fault-table.ts";
import { faultTests } from "../../tests/faults/fault-tests.ts";
import { coverageTable, firedInDocument, gaps, withTable } from "./coverage.ts";

const root = join(import.meta.dirname, "../..");

test("the table in docs/reliability.md is that of the tests, and each of its rows came true", () => {
  const document = readFileSync(join(root, "docs/reliability.md"), "utf8");
  const fired = firedInDocument(document);
  expect(document).toBe(
    withTable(
      document,
      coverageTable((id) => fired.get(id) ?? "0"),
    ),
  );
  const never = faultTable.filter(({ id, absent }) => absent === undefined && !(Number(fired.get(id)) > 0));
  expect(never.map(({ id }) => id)).toEqual([]);
});

test("every test file of the table exists, is run, and counts the row", () => {
  const run = new Set<string>(Object.values(faultTests));
  expect(new Set(faultTable.flatMap(({ tests }) => tests))).toEqual(run);
  for (const path of run) expect(existsSync(join(root, path)), path).toBe(true);
  expect(new Set(faultTable.map(({ id }) => id)).size).toBe(faultTable.length);
});

test("a row without a test, or that never came true, is a gap", () => {
  const [first, second] = [
    { id: "A1", fault: "one", outcome: "", tests: ["a.test.ts"] },
    { id: "A2", fault: "two", outcome: "", tests: [] },
  ];
  const counts = new Map([["A9", new Map([["a.test.ts", 1]])]]);
  expect(gaps(counts, [first!, second!])).toEqual([
    "A9 was counted and is not in the table",
    "A1 (one) never came true in a.test.ts",
    "A2 (two) has no test",
  ]);
  expect(gaps(new Map([["A1", new Map([["a.test.ts", 1]])]]), [first!])).toEqual([]);
});
