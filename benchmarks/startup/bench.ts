/** From the spawn of a fresh process to the first row of a small query, with the packages packed and installed as users do. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { type BenchOptions, type Measure, percentile, rounded } from "../measure.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

const program = `
import { SparkSession } from "millrace";
const spark = await SparkSession.builder.appName("startup").getOrCreate();
const words = spark.createDataFrame([{ word: "a" }, { word: "b" }, { word: "a" }], { word: "string" });
for await (const row of words.groupBy("word").count()) {
  console.log(row.word, row.count);
  break;
}
await spark.stop();
`;

export async function* startup(options: BenchOptions): AsyncGenerator<Measure> {
  options.log("packing and installing the packages");
  execFileSync("npm", ["run", "--silent", "pack"], { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
  const directory = mkdtempSync(`${tmpdir()}/startup-`);
  try {
    const tarball = readdirSync(`${root}/.pack`).find((name) => /^millrace-\d/.test(name));
    if (tarball === undefined) throw new Error("the tarball of millrace was not packed");
    writeFileSync(`${directory}/package.json`, '{"name":"startup","private":true,"type":"module"}');
    execFileSync("npm", ["install", "--silent", "--no-audit", "--no-fund", `${root}/.pack/${tarball}`], {
      cwd: directory,
      stdio: ["ignore", "ignore", "inherit"],
    });
    writeFileSync(`${directory}/main.mjs`, program);
    const milliseconds: number[] = [];
    for (let run = 0; run < (options.smoke ? 3 : 21); run++) {
      const start = performance.now();
      const result = spawnSync(process.execPath, ["main.mjs"], { cwd: directory, encoding: "utf8" });
      const elapsed = performance.now() - start;
      if (result.status !== 0) throw new Error(`the program failed: ${result.stderr}`);
      // Spawn to exit is an upper bound of spawn to first row.
      milliseconds.push(elapsed);
    }
    const sorted = milliseconds.toSorted((a, b) => a - b);
    yield {
      work: "startup to first row (and exit)",
      system: "millrace",
      threads: 1,
      ms_p50: rounded(percentile(sorted, 0.5)),
      ms_p99: rounded(percentile(sorted, 0.99)),
    };
  } finally {
    rmSync(directory, { recursive: true });
  }
}
