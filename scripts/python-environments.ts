/**
 * Other systems from PyPI, each in a Python environment of its own, made once and kept in `.cache/` (safe to delete). The
 * systems suite and the benchmarks run them from it.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

type Log = (line: string) => void;

interface PythonEnvironment {
  /** Its name under `.cache/`. */
  readonly directory: string;
  readonly packages: readonly string[];
  readonly megabytes: number;
}

const silent: Log = () => undefined;

/**
 * Path of a Python that can import pyspark 4.3.
 * @throws when the machine has no `python3` (3.10 or newer, with venv) or no `java` (17 or newer)
 */
export function sparkPython(log: Log = silent): string {
  need("java", ["-version"], "Spark needs Java 17 or newer");
  return pythonWith({ directory: "spark-4.3", packages: ["pyspark==4.3.*"], megabytes: 400 }, log);
}

/** As {@link sparkPython}, with what `transformWithState` of its Python API needs. */
export function sparkArrowPython(log: Log = silent): string {
  need("java", ["-version"], "Spark needs Java 17 or newer");
  const packages = ["pyspark==4.3.*", "pyarrow==26.*", "protobuf"];
  return pythonWith({ directory: "spark-4.3-arrow", packages, megabytes: 500 }, log);
}

/**
 * Path of a Python that can import duckdb, with its TPC-H generator.
 * @throws when the machine has no `python3` (3.10 or newer, with venv)
 */
export function duckdbPython(log: Log = silent): string {
  const packages = ["duckdb==1.5.5", "duckdb-extension-tpch"];
  return pythonWith({ directory: "duckdb-1.5.5", packages, megabytes: 30 }, log);
}

/** Path of a Python that can import polars. @throws as {@link duckdbPython} */
export function polarsPython(log: Log = silent): string {
  return pythonWith({ directory: "polars-2.1.0", packages: ["polars==2.1.0"], megabytes: 50 }, log);
}

/** Path of a Python that can import datafusion and pyarrow. @throws as {@link duckdbPython} */
export function datafusionPython(log: Log = silent): string {
  const packages = ["datafusion==55.0.0", "pyarrow==26.*"];
  return pythonWith({ directory: "datafusion-55.0.0", packages, megabytes: 100 }, log);
}

function pythonWith({ directory, packages, megabytes }: PythonEnvironment, log: Log): string {
  const home = fileURLToPath(new URL(`../.cache/${directory}`, import.meta.url));
  const python = `${home}/bin/python`;
  if (existsSync(python)) return python;
  need("python3", ["-c", "import sys, venv; sys.exit(sys.version_info < (3, 10))"], "Python 3.10 or newer is needed");
  log(`installing ${packages.join(", ")} (about ${megabytes} MB, once)`);
  // Made under another name, so that an interrupted or second installation leaves nothing half done.
  const making = `${home}.${process.pid}`;
  mkdirSync(dirname(home), { recursive: true });
  try {
    execFileSync("python3", ["-m", "venv", making]);
    execFileSync(`${making}/bin/python`, ["-m", "pip", "install", "--quiet", ...packages]);
  } catch (cause) {
    rmSync(making, { recursive: true, force: true });
    throw new Error(`${packages.join(", ")} could not be installed: that needs Python's venv, and PyPI`, { cause });
  }
  if (existsSync(python)) rmSync(making, { recursive: true });
  else renameSync(making, home);
  return python;
}

function need(program: string, parameters: readonly string[], reason: string): void {
  try {
    execFileSync(program, parameters, { stdio: "ignore" });
  } catch (cause) {
    throw new Error(`${reason}; \`${[program, ...parameters].join(" ")}\` failed`, { cause });
  }
}
