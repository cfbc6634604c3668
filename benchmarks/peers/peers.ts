/** The systems that works are compared with. Each work has a Python file with the same work for them. */
import { fileURLToPath } from "node:url";
import {
  datafusionPython,
  duckdbPython,
  polarsPython,
  sparkArrowPython,
  sparkPython,
} from "../../scripts/python-environments.ts";
import { runProgram } from "../child.ts";
import type { JobResult } from "../job.ts";

const pythons = { spark: sparkPython, duckdb: duckdbPython, polars: polarsPython, datafusion: datafusionPython };

export type Peer = keyof typeof pythons;

export const peerNames: readonly Peer[] = Object.keys(pythons) as Peer[];

/** Runs a work's Python file for one peer in a fresh process. */
export async function runPeer(
  peer: Peer,
  work: { readonly script: URL; readonly parameters: readonly string[]; readonly arrow?: boolean },
  threads: number,
  runs: number,
  log: (line: string) => void,
): Promise<JobResult> {
  const environment = {
    PYTHONPATH: fileURLToPath(new URL(".", import.meta.url)),
    PYTHONDONTWRITEBYTECODE: "1",
    POLARS_MAX_THREADS: `${threads}`,
    TZ: "UTC",
  };
  const python = (work.arrow === true ? sparkArrowPython : pythons[peer])(log);
  const command = [fileURLToPath(work.script), peer, `${threads}`, `${runs}`, ...work.parameters];
  return runProgram<JobResult>(python, command, { ...environment, PYSPARK_PYTHON: python }, log);
}
