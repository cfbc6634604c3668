/**
 * DuckDB from PyPI, with its TPC-H generator, in a Python environment of its own, made once and kept in `.cache/` (safe to
 * delete). The benchmarks generate data with it and compare with it.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

const version = "1.5.5";
const directory = fileURLToPath(new URL(`../.cache/duckdb-${version}`, import.meta.url));

/**
 * Path of a Python that can import duckdb.
 * @throws when the machine has no `python3` (3.10 or newer, with venv)
 */
export function duckdbPython(log: (line: string) => void = () => undefined): string {
  const python = `${directory}/bin/python`;
  if (existsSync(python)) return python;
  log(`installing DuckDB ${version} (about 30 MB, once)`);
  // Made under another name, so that an interrupted or second installation leaves nothing half done.
  const making = `${directory}.${process.pid}`;
  mkdirSync(dirname(directory), { recursive: true });
  try {
    execFileSync("python3", ["-m", "venv", making]);
    const packages = [`duckdb==${version}`, "duckdb-extension-tpch"];
    execFileSync(`${making}/bin/python`, ["-m", "pip", "install", "--quiet", ...packages]);
  } catch (cause) {
    rmSync(making, { recursive: true, force: true });
    throw new Error("DuckDB needs Python 3.10 or newer with venv, and PyPI", { cause });
  }
  if (existsSync(python)) rmSync(making, { recursive: true });
  else renameSync(making, directory);
  return python;
}
