/** PySpark from PyPI in an environment of its own, made once and kept in the cache folder. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { cacheDirectory } from "./cache.ts";

/** Path of the Python that can import pyspark 4.3. */
export function sparkPython(log: (line: string) => void): string {
  const directory = `${cacheDirectory}/spark-4.3`;
  const python = `${directory}/bin/python`;
  if (!existsSync(`${directory}/installed`)) {
    log("installing PySpark 4.3 (about 400 MB, once)");
    mkdirSync(cacheDirectory, { recursive: true });
    execFileSync("python3", ["-m", "venv", directory], { stdio: "inherit" });
    execFileSync(python, ["-m", "pip", "install", "-q", "pyspark==4.3.*"], { stdio: "inherit" });
    execFileSync("touch", [`${directory}/installed`]);
  }
  return python;
}
