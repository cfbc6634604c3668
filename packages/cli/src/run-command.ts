/**
 * `run FILE`: imports the module, shows its queries, and ends when they have ended. SIGINT and SIGTERM let the running
 * batches commit; a second one, or the end of the grace period, ends at once (the batch is then repeated on restart).
 */
import { pathToFileURL } from "node:url";
import { activeEngines, isRetriable } from "millrace/engine";
import { reportFailure } from "./report-failure.ts";
import type { RunOptions } from "./run-options.ts";
import { Screen } from "./screen.ts";

/** EX_TEMPFAIL of sysexits.h: whoever supervises the process may start it again. */
export const retriableExit = 75;

export async function runCommand(options: RunOptions): Promise<number> {
  const { file, graceSeconds } = options;
  process.argv = [process.argv[0]!, file, ...options.words];
  const screen = new Screen(options.json);
  let stopping = false;
  const onSignal = (): void => {
    if (stopping) process.exit(130);
    stopping = true;
    screen.note(`stopping: the running batches commit first (at most ${graceSeconds} s; once more to end at once)`);
    setTimeout(() => process.exit(1), graceSeconds * 1000).unref();
    void stopAll();
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  try {
    await import(pathToFileURL(file).href);
    await queriesEnded();
    return 0;
  } catch (error) {
    if (stopping) return 0;
    reportFailure(error);
    return isRetriable(error) ? retriableExit : 1;
  } finally {
    await stopAll();
    screen.close();
    process.off("SIGINT", onSignal);
    process.off("SIGTERM", onSignal);
  }
}

/** Resolves when no session has a running query; rejects with the first failure. */
async function queriesEnded(): Promise<void> {
  for (;;) {
    const active = activeEngines().flatMap((engine) => engine.streams.active);
    if (active.length === 0) return;
    await Promise.all(active.map((query) => query.awaitTermination()));
  }
}

async function stopAll(): Promise<void> {
  await Promise.all(activeEngines().map((engine) => engine.streams.stopAll({ drain: true })));
}
