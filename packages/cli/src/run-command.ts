/**
 * `run FILE`: imports the module, shows its queries, and ends when they have ended. SIGINT and SIGTERM let the running
 * batches commit; a second one, or the end of the grace period, ends at once (the batch is then repeated on restart).
 */
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { activeEngines } from "millrace/engine";
import { Screen } from "./screen.ts";

const defaultGraceSeconds = 30;

export async function runCommand(words: readonly string[]): Promise<number | undefined> {
  const separator = words.indexOf("--");
  const own = separator < 0 ? words : words.slice(0, separator);
  const { values, positionals } = parseArgs({
    args: [...own],
    allowPositionals: true,
    options: { json: { type: "boolean", default: false }, grace: { type: "string" } },
  });
  const [file] = positionals;
  if (file === undefined) return undefined;
  const graceSeconds = values.grace === undefined ? defaultGraceSeconds : Number(values.grace);
  process.argv = [process.argv[0]!, resolve(file), ...(separator < 0 ? [] : words.slice(separator + 1))];
  const screen = new Screen(values.json);
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
    await import(pathToFileURL(resolve(file)).href);
    await queriesEnded();
    return 0;
  } catch (error) {
    if (stopping) return 0;
    throw error;
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
