/**
 * `npm run test:faults`: runs every test that injects a fault, prints how often each row of the fault table came true, and
 * fails when one never did. `--write` puts the table into docs/reliability.md. What else is given goes to vitest.
 *
 * `--seeds N`, `--minutes M`, `--seed FIRST`: the random simulation alone, for so many seeds or so long, whichever ends first.
 * `--script FILE` plays the script that a failure printed.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { faultTable } from "../tests/faults/fault-table.ts";
import { faultTests } from "../tests/faults/fault-tests.ts";
import { coverageTable, gaps, readCounts, timesFired, withTable } from "./faults/coverage.ts";

const root = join(import.meta.dirname, "..");
const { values, tokens } = parseArgs({
  options: {
    seeds: { type: "string" },
    minutes: { type: "string" },
    seed: { type: "string" },
    script: { type: "string" },
    write: { type: "boolean" },
  },
  strict: false,
  tokens: true,
});
const own = new Set(["seeds", "minutes", "seed", "script", "write"]);
const passedOn = tokens.flatMap((token) => {
  if (token.kind === "positional") return [token.value];
  if (token.kind !== "option" || own.has(token.name)) return [];
  return [token.value === undefined ? token.rawName : `${token.rawName}=${token.value}`];
});

function vitest(files: readonly string[], environment: Readonly<Record<string, string>>): number {
  const program = join(root, "node_modules/vitest/vitest.mjs");
  const words = [program, "run", "--config", "vitest.faults.config.ts", ...files, ...passedOn];
  const run = spawnSync(process.execPath, words, {
    cwd: root,
    env: { ...process.env, ...environment },
    stdio: "inherit",
  });
  return run.status ?? 1;
}

const asText = (value: string | boolean | undefined): string => (typeof value === "string" ? value : "");

function simulate(): number {
  const { seeds, minutes, seed, script } = values;
  const chosen: Readonly<Record<string, string>> = {
    // So many that only the minutes end it.
    MILLRACE_FAULT_SEEDS: asText(seeds) || (minutes === undefined ? "1" : "1000000000"),
    ...(minutes === undefined ? {} : { MILLRACE_FAULT_MINUTES: asText(minutes) }),
    ...(seed === undefined ? {} : { MILLRACE_FAULT_SEED: asText(seed) }),
    ...(script === undefined ? {} : { MILLRACE_FAULT_SCRIPT: resolve(asText(script)) }),
  };
  return vitest([faultTests.simulation], chosen);
}

function all(): number {
  const directory = mkdtempSync(join(tmpdir(), "millrace-faults-"));
  try {
    const status = vitest([], { MILLRACE_FAULT_COUNTS: directory });
    const counts = readCounts(directory, root);
    const table = coverageTable((id) => String(timesFired(counts, id)));
    console.log(`\n${table}\n`);
    const found = gaps(counts);
    for (const gap of found) console.log(`GAP  ${gap}`);
    const rows = faultTable.filter(({ absent }) => absent === undefined);
    const whole = rows.filter(({ id }) => !found.some((gap) => gap.startsWith(`${id} `)));
    console.log(`rows of the fault table: ${whole.length} passed, ${rows.length - whole.length} failed`);
    if (values.write === true && status === 0 && found.length === 0) {
      const path = join(root, "docs/reliability.md");
      writeFileSync(path, withTable(readFileSync(path, "utf8"), table));
    }
    return status !== 0 ? status : found.length > 0 ? 1 : 0;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const simulationOnly = ["seeds", "minutes", "seed", "script"].some((name) => values[name] !== undefined);
process.exitCode = simulationOnly ? simulate() : all();
