/** Runs a benchmark's work in a process of its own, so that start-up, heap and peak memory are its own. */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

/** Marks the line in which a child reports its result. */
export const resultMark = "@@result ";

/** Runs a TypeScript file of the repository with arguments; resolves to the object that it reported. */
export async function runChild<T>(file: URL, parameters: readonly string[], log: (line: string) => void): Promise<T> {
  const child = spawn(
    process.execPath,
    ["--conditions=millrace-source", "--no-warnings", file.pathname, ...parameters],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  return resultOf<T>(child, file.pathname, log);
}

/** Runs another program that reports in the same way. What it writes to stderr is shown when it fails. */
export async function runProgram<T>(
  command: string,
  parameters: readonly string[],
  environment: Readonly<Record<string, string>>,
  log: (line: string) => void,
): Promise<T> {
  const child = spawn(command, [...parameters], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...environment },
  });
  const complaints: string[] = [];
  child.stderr.setEncoding("utf8").on("data", (text: string) => complaints.push(text));
  try {
    return await resultOf<T>(child, command, log);
  } catch (error) {
    log(complaints.join(""));
    throw error;
  }
}

async function resultOf<T>(child: ReturnType<typeof spawn>, name: string, log: (line: string) => void): Promise<T> {
  let result: T | undefined;
  const lines = createInterface({ input: child.stdout! });
  const reading = (async () => {
    for await (const line of lines) {
      if (line.startsWith(resultMark)) result = JSON.parse(line.slice(resultMark.length)) as T;
      else log(line);
    }
  })();
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", resolve);
  });
  await reading;
  if (code !== 0 || result === undefined) throw new Error(`${name} ended with code ${code} and without a result`);
  return result;
}

/** Called by the child. */
export function report(result: unknown): void {
  process.stdout.write(`${resultMark}${JSON.stringify(result)}\n`);
}

/**
 * Peak resident memory of this process in MB. Linux counts it from the start of the program; elsewhere the figure may include
 * what the parent held when it forked.
 */
export function peakRssMb(): number {
  if (process.platform !== "linux") return Math.round(process.resourceUsage().maxRSS / 1024);
  const [, kilobytes] = /VmHWM:\s*(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))!;
  return Math.round(Number(kilobytes) / 1024);
}
