/**
 * `npm run mutants`: whether the crash tests see what they should. Each mutant removes one fsync, swaps two steps of the
 * micro-batch protocol, makes an atomic write plain, forgets the lease, spoils a system call or what keeps state, in a copy of
 * the sources; a test must then fail, unless the mutant stands in scripts/mutants/equivalent.ts with the proof that nothing changes.
 *
 * `--list` prints the names, `--only TEXT` takes the mutants whose names contain it, `--jobs N` works on N at a time,
 * `--quick` runs only the tests that a mutant names, without the check that all pass without one.
 */
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { allMutants } from "./mutants/all-mutants.ts";
import { equivalentMutants } from "./mutants/equivalent.ts";
import { type Mutant, testFiles } from "./mutants/mutant.ts";
import { Sandbox, type Verdict } from "./mutants/sandbox.ts";

const root = join(import.meta.dirname, "..");
const timeoutMs = 600_000;
const { values } = parseArgs({
  options: {
    list: { type: "boolean" },
    only: { type: "string", multiple: true },
    quick: { type: "boolean" },
    jobs: { type: "string" },
  },
});
const mutants = allMutants.filter(
  ({ name }) => values.only === undefined || values.only.some((text) => name.includes(text)),
);
const proofs = new Map(equivalentMutants.map(({ name, proof }) => [name, proof]));

/** The settings of vitest for the tests of a folder. */
const configs = [
  ["vitest.config.ts", /^(?!tests\/(crash|faults)\/)/],
  ["vitest.crash.config.ts", /^tests\/crash\//],
  ["vitest.faults.config.ts", /^tests\/faults\//],
] as const;

async function runTests(sandbox: Sandbox, tests: readonly string[]): Promise<Verdict> {
  for (const [config, place] of configs) {
    const files = tests.filter((test) => place.test(test));
    if (files.length === 0) continue;
    const verdict = await sandbox.test(config, files, timeoutMs);
    if (verdict.caught) return verdict;
  }
  return { caught: false, reason: "" };
}

/** The tests of a mutant first; when they see nothing and there is no proof that there is nothing to see, all. */
async function judge(sandbox: Sandbox, mutant: Mutant): Promise<Verdict> {
  return sandbox.with(mutant.edits, async () => {
    for (const test of mutant.tests) {
      const verdict = await runTests(sandbox, [test]);
      if (verdict.caught) return verdict;
    }
    if (values.quick === true || proofs.has(mutant.name)) return { caught: false, reason: "" };
    return runTests(
      sandbox,
      Object.values(testFiles).filter((test) => !mutant.tests.includes(test)),
    );
  });
}

/** Without a mutant every test must pass, or a failure would prove nothing. */
async function checkBaseline(sandbox: Sandbox): Promise<void> {
  const verdict = await runTests(sandbox, Object.values(testFiles));
  if (verdict.caught) throw new Error(`the tests fail without a mutant: ${verdict.reason}`);
}

const count = { caught: 0, equivalent: 0, missed: 0 };

function tell(mutant: Mutant, verdict: Verdict, seconds: number): void {
  const proof = proofs.get(mutant.name);
  const time = `${seconds.toFixed(1)} s`;
  if (verdict.caught && proof !== undefined) {
    count.missed++;
    console.log(`NOT EQUIVALENT  ${mutant.name} (${time})\n    ${verdict.reason}`);
  } else if (verdict.caught) {
    count.caught++;
    console.log(`caught          ${mutant.name} (${time})\n    ${verdict.reason.slice(0, 200)}`);
  } else if (proof !== undefined) {
    count.equivalent++;
    console.log(`equivalent      ${mutant.name} (${time})\n    ${proof}`);
  } else {
    count.missed++;
    console.log(`SURVIVED        ${mutant.name} (${time})`);
  }
}

async function work(queue: Mutant[], sandbox: Sandbox): Promise<void> {
  for (let mutant = queue.shift(); mutant !== undefined; mutant = queue.shift()) {
    const startedAt = performance.now();
    try {
      const verdict = await judge(sandbox, mutant);
      tell(mutant, verdict, (performance.now() - startedAt) / 1000);
    } catch (error) {
      count.missed++;
      console.log(`NOT JUDGED      ${mutant.name}\n    ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

async function run(): Promise<void> {
  const jobs = Math.max(1, Math.min(mutants.length, Number(values.jobs ?? Math.min(4, availableParallelism()))));
  const sandboxes = Array.from({ length: jobs }, () => new Sandbox(root));
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      for (const sandbox of sandboxes) sandbox.remove();
      process.exit(1);
    });
  }
  try {
    if (values.quick !== true) await checkBaseline(sandboxes[0]!);
    const queue = [...mutants];
    await Promise.all(sandboxes.map((sandbox) => work(queue, sandbox)));
  } finally {
    for (const sandbox of sandboxes) sandbox.remove();
  }
  console.log(
    `${mutants.length} mutants: ${count.caught} caught, ${count.equivalent} equivalent with a proof, ${count.missed} missed`,
  );
  if (count.missed > 0) process.exitCode = 1;
}

if (values.list === true) for (const { name } of mutants) console.log(name);
else await run();
