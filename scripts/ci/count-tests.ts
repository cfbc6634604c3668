/** `node scripts/ci/count-tests.ts REPORT.json`: prints the counts of a vitest JSON report in one line. */
import { readFileSync } from "node:fs";
import { countTests, type TestReport } from "./test-counts.ts";

for (const file of process.argv.slice(2)) console.log(countTests(JSON.parse(readFileSync(file, "utf8")) as TestReport));
