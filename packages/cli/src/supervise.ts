/** `run --restart`: the module runs in a process of its own, which is started again as `restart.ts` says. */
import { spawn } from "node:child_process";
import { createNodeRuntime } from "millrace/engine";
import { restartDefaults, type RunOutcome, runWithRestarts } from "./restart.ts";
import { retriableExit } from "./run-command.ts";
import type { RunOptions } from "./run-options.ts";

/** @param words those after `run` */
export async function supervise(options: RunOptions, words: readonly string[]): Promise<number> {
  const separator = words.indexOf("--");
  const own = separator < 0 ? words : words.slice(0, separator);
  const others = separator < 0 ? [] : words.slice(separator);
  const args = [...own.filter((word) => !word.startsWith("--restart")), ...others];
  const { clock, random } = createNodeRuntime();
  const stop = new AbortController();
  const policy = { ...restartDefaults, budget: options.restarts };
  const note = (text: string): void => void process.stderr.write(`millrace: ${text}\n`);
  return runWithRestarts(() => runOnce(args, stop), policy, { clock, random, signal: stop.signal, note });
}

function runOnce(args: readonly string[], stop: AbortController): Promise<RunOutcome> {
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1]!, "run", ...args], { stdio: "inherit" });
  // A terminal sends Ctrl-C to both processes, others send SIGTERM to this one.
  const onInterrupt = (): void => stop.abort();
  const onTerminate = (): void => {
    stop.abort();
    child.kill("SIGTERM");
  };
  process.on("SIGINT", onInterrupt);
  process.on("SIGTERM", onTerminate);
  return new Promise<RunOutcome>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve(outcomeOf(code, signal)));
  }).finally(() => {
    process.off("SIGINT", onInterrupt);
    process.off("SIGTERM", onTerminate);
  });
}

function outcomeOf(code: number | null, signal: NodeJS.Signals | null): RunOutcome {
  if (code === 0) return { kind: "done" };
  // Killed, or out of memory: the checkpoint holds what was committed.
  if (code === null) return { kind: "failed", code: 1, retriable: true, reason: `the process was ended by ${signal}` };
  return { kind: "failed", code, retriable: code === retriableExit, reason: `the run failed with exit code ${code}` };
}
