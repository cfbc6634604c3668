import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";

const directory = mkdtempSync(join(tmpdir(), "millrace-cli-"));
afterAll(() => rmSync(directory, { recursive: true }));

function millrace(...words: readonly string[]): Promise<{ code: unknown; stdout: string; stderr: string }> {
  const program = join(import.meta.dirname, "main.ts");
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ["--conditions=millrace-source", "--no-warnings", program, ...words],
      (error, stdout, stderr) => resolve({ code: error?.code ?? 0, stdout, stderr }),
    );
  });
}

test.each([
  [["run"], "run needs a file"],
  [["run", "nothing.ts"], `there is no file ${join(process.cwd(), "nothing.ts")}`],
  [["run", "a.ts", "b.ts"], "run takes one file; the module's own arguments come after --: b.ts"],
  [["run", "a.ts", "--fast"], "run has no option --fast; the module's own options come after --"],
  [["run", "a.ts", "--grace", "x"], "--grace wants a number of seconds, not x"],
  [["run", "a.ts", "--restart=x"], "--restart=N wants a number of restarts, not --restart=x"],
  [
    ["checkpoint", "look", "."],
    "checkpoint wants show, verify, state, diff, repair, repartition or erase, and a directory",
  ],
  [
    ["checkpoint", "repartition", ".", "some"],
    "checkpoint repartition wants a directory and a number of partitions, not some",
  ],
  [["checkpoint", "show"], "checkpoint show wants one directory"],
  [["checkpoint", "show", ".", "--apply"], "checkpoint show has no option --apply"],
  [["checkpoint", "erase", "."], "checkpoint erase wants one directory and a key"],
  [["checkpoint", "erase", ".", "a", "--", "b"], "checkpoint erase wants one directory and a key"],
  [["checkpoint", "diff", ".", "nothing.ts"], `there is no file ${join(process.cwd(), "nothing.ts")}`],
  [["checkpoint", "state", ".", "--limit", "none"], "--limit wants a number of rows, not none"],
  [
    ["checkpoint", "state", ".", "--changes", "some"],
    "--changes wants a batch or a range of them, such as 3-7, not some",
  ],
  [["stop"], "there is no command stop"],
])("%j is wrong usage", async (words, reason) => {
  const { code, stderr } = await millrace(...words);
  expect(stderr).toMatch(/^millrace: .*\nusage:\n/);
  expect(stderr.split("\n")[0]).toBe(`millrace: ${reason}`);
  expect(code).toBe(2);
});

test("help is there wherever it is asked for", async () => {
  for (const words of [["--help"], ["run", "--help"], ["checkpoint", "-h"]]) {
    expect(await millrace(...words)).toMatchObject({ code: 0, stdout: expect.stringMatching(/^usage:/) as unknown });
  }
});

test("a directory without a checkpoint is none", async () => {
  for (const action of ["show", "verify"]) {
    const absent = await millrace("checkpoint", action, join(directory, "absent"));
    expect(absent).toMatchObject({ code: 1, stderr: `millrace: ${directory}/absent: there is no such directory\n` });
    const empty = await millrace("checkpoint", action, directory);
    expect(empty).toMatchObject({ code: 1, stderr: `millrace: ${directory}: the directory holds no checkpoint\n` });
  }
}, 180_000);

test("run shows the batches of a query and passes arguments on; show and verify read its checkpoint", async () => {
  const engine = new URL("../../core/src/api/index.ts", import.meta.url).href;
  const job = join(directory, "job.ts");
  const checkpoint = join(directory, "checkpoint");
  writeFileSync(join(directory, "numbers.json"), '{"n":1}\n{"n":2}\n');
  writeFileSync(
    job,
    `import { SparkSession, sum } from ${JSON.stringify(engine)};
     const spark = await SparkSession.builder.master("local[1]").getOrCreate();
     await spark.readStream.schema({ n: "int" }).json(process.argv[2] + "/*.json").agg(sum("n").alias("s"))
       .writeStream.queryName("sums").outputMode("complete").format("console").trigger({ availableNow: true })
       .option("checkpointLocation", ${JSON.stringify(checkpoint)}).start();`,
  );
  const run = await millrace("run", job, "--", directory);
  expect(run.stdout).toContain("|  3|");
  expect(run.stderr).toMatch(/^sums {2}batch 0 {2}2 rows {2}\d+ rows\/s {2}\d+ ms {2}state 1\n$/);
  expect(run.code).toBe(0);
  const show = await millrace("checkpoint", "show", checkpoint);
  expect(show.stdout).toMatch(/^last committed batch {2}0$/m);
  expect((await millrace("checkpoint", "verify", checkpoint)).stdout).toContain("the checkpoint can be continued");
  const erase = await millrace("checkpoint", "erase", checkpoint, "--dry-run", "--", "-nobody");
  expect(erase.stdout).toBe(`${checkpoint}: no state has the key\n${checkpoint}: nothing was changed\n`);
  const keyless = await millrace("checkpoint", "show", checkpoint, "--keys", "env:MILLRACE_NO_SUCH_KEY");
  expect(keyless).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("CHECKPOINT_ENCRYPTION_KEY.INVALID") as unknown,
  });

  const sums = await millrace("checkpoint", "state", checkpoint, "--operator", "stateStoreSave", "--json");
  expect(sums.stdout).toBe('{"key":{},"value":{"sum":3},"partition_id":0}\n');
  const changes = await millrace("checkpoint", "state", checkpoint, "--changes", "0", "--where", "value.sum > 2");
  expect(changes.stdout).toContain("|0       |update     |{} |{3}  |0           |");
  const unknown = await millrace("checkpoint", "state", checkpoint, "--operator", "dedupe");
  expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining("it has: 0 stateStoreSave") as unknown });

  const diff = await millrace("checkpoint", "diff", checkpoint, job, "--", directory);
  expect(diff.stdout.split("\n").map((line) => line.replace(directory, "DIR"))).toEqual([
    "kept        position: goes on with batch 1",
    "kept        source json:DIR/*.json: goes on at its offset, line 0 of the log",
    "kept        output mode: complete",
    "kept        sink console: goes on",
    "kept        state of stateStoreSave: operator 0",
    "",
  ]);
  const changed = join(directory, "changed.ts");
  writeFileSync(
    changed,
    readFileSync(job, "utf8").replace('sum("n")', 'sum("n").cast("string")').replace(".agg", '.groupBy("n").agg'),
  );
  const refused = await millrace("checkpoint", "diff", checkpoint, changed, "--", directory);
  expect(refused).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(
      /^refused +operators with state: \[STATE_STORE_KEY_SCHEMA_NOT_COMPATIBLE\]/m,
    ) as unknown,
  });

  expect((await millrace("checkpoint", "repair", checkpoint)).stdout).toContain("nothing is to be mended");
  writeFileSync(join(checkpoint, "commits", "0"), "v1\n{");
  const look = await millrace("checkpoint", "repair", checkpoint);
  expect(look.stdout).toContain(`would move away: ${checkpoint}/commits/0\n`);
  expect(look.stdout).toContain("nothing was changed; --apply does it");
  expect((await millrace("checkpoint", "repair", checkpoint, "--apply")).stdout).toContain("can be continued");
  const again = await millrace("run", job, "--", directory);
  expect([again.code, again.stdout.includes("|  3|")]).toEqual([0, true]);

  const dealt = await millrace("checkpoint", "repartition", checkpoint, "3");
  expect(dealt.stdout).toMatch(/: 1 entries of state are dealt out to 3 partitions instead of \d+, as batch 1\n$/);
}, 180_000);

test("run --restart starts a module again after a failure that may be gone, and not after others", async () => {
  const engine = new URL("../../core/src/api/index.ts", import.meta.url).href;
  const job = join(directory, "fails.ts");
  writeFileSync(
    job,
    `import { existsSync, writeFileSync } from "node:fs";
     import { SparkSession } from ${JSON.stringify(engine)};
     const spark = await SparkSession.builder.master("local").getOrCreate();
     const rates = spark.readStream.format("rate-micro-batch").option("rowsPerBatch", 1).load();
     const selected = process.argv[2] === "wrong" ? rates.selectExpr("1 / (value - value)") : rates;
     await selected.writeStream.trigger({ once: true }).foreachBatch(async (batch) => {
       await batch.count();
       const marker = ${JSON.stringify(join(directory, "marker"))};
       if (existsSync(marker)) return console.log("done");
       writeFileSync(marker, "");
       throw new Error("no connection");
     }).start();`,
  );
  const helped = await millrace("run", job, "--restart=2");
  expect(helped).toMatchObject({ code: 0, stdout: "done\n" });
  expect(helped.stderr).toContain("no connection");
  expect(helped.stderr).toMatch(/^millrace: the run failed with exit code 75; restart 1 of 2 in \d\.\d s$/m);
  const hopeless = await millrace("run", job, "--restart", "--", "wrong");
  expect(hopeless.code).toBe(1);
  expect(hopeless.stderr).toContain("DIVIDE_BY_ZERO");
  expect(hopeless.stderr).toContain("starting again would not help");
}, 180_000);
