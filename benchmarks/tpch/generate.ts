/** TPC-H's lineitem, orders and customer at a scale, as Parquet files that DuckDB writes. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { duckdbPython } from "../../scripts/python-environments.ts";
import { cacheDirectory } from "../cache.ts";

/** Makes the files unless they are there; returns their directory. */
export function generateTpch(scale: number, log: (line: string) => void): string {
  const directory = `${cacheDirectory}/tpch-${scale}`;
  if (existsSync(`${directory}/complete`)) return directory;
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  const script = fileURLToPath(new URL("./generate.py", import.meta.url));
  execFileSync(duckdbPython(log), [script, `${scale}`, directory], { stdio: "ignore" });
  writeFileSync(`${directory}/complete`, "");
  return directory;
}
