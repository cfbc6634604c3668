/**
 * PySpark from PyPI in a Python environment of its own, made once and kept in `.cache/` (safe to delete). The systems suite and
 * the benchmarks run Spark from it.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

const directory = fileURLToPath(new URL("../.cache/spark-4.3", import.meta.url));

/**
 * Path of a Python that can import pyspark 4.3.
 * @throws when the machine has no `python3` (3.10 or newer, with venv) or no `java` (17 or newer)
 */
export function sparkPython(log: (line: string) => void = () => undefined): string {
  const python = `${directory}/bin/python`;
  need("java", ["-version"], "Spark needs Java 17 or newer");
  if (existsSync(python)) return python;
  need(
    "python3",
    ["-c", "import sys, venv; sys.exit(sys.version_info < (3, 10))"],
    "PySpark needs Python 3.10 or newer",
  );
  log("installing PySpark 4.3 (about 400 MB, once)");
  // Made under another name, so that an interrupted or second installation leaves nothing half done.
  const making = `${directory}.${process.pid}`;
  mkdirSync(dirname(directory), { recursive: true });
  execFileSync("python3", ["-m", "venv", making]);
  execFileSync(`${making}/bin/python`, ["-m", "pip", "install", "--quiet", "pyspark==4.3.*"]);
  if (existsSync(python)) rmSync(making, { recursive: true });
  else renameSync(making, directory);
  return python;
}

function need(program: string, parameters: readonly string[], reason: string): void {
  try {
    execFileSync(program, parameters, { stdio: "ignore" });
  } catch (cause) {
    throw new Error(`${reason}; \`${[program, ...parameters].join(" ")}\` failed`, { cause });
  }
}
