import type { Runtime } from "../runtime/runtime.ts";
import { parseBytes } from "../types/quantities.ts";
import type { SessionConf } from "./conf.ts";

/** How long a paused query waits between two looks at the disk. */
const lookAgainMs = 1000;

/**
 * With `millrace.streaming.onDiskFull = pause`: waits before a batch is fixed until the disk of the checkpoint has room for
 * what the batch will write, instead of failing when a write finds none. Says so once for each pause.
 * @returns undefined when the query is to fail, which is the default
 */
export function diskHeadroom(
  conf: SessionConf,
  runtime: Runtime,
  checkpointPath: string,
): ((signal: AbortSignal) => Promise<void>) | undefined {
  if (conf.required("millrace.streaming.onDiskFull").toLowerCase() !== "pause") return undefined;
  const wanted = parseBytes(conf.required("millrace.streaming.diskHeadroom"))!;
  return async (signal) => {
    for (let warned = false; ; warned = true) {
      const free = await runtime.fs.freeBytes(checkpointPath);
      if (free === null || free >= wanted) return;
      if (!warned) {
        runtime.process.log(
          "WARN",
          `The query with the checkpoint ${checkpointPath} pauses: its disk has ${free} bytes free, and ${wanted} are to stay free (millrace.streaming.diskHeadroom).`,
        );
      }
      await runtime.clock.sleep(lookAgainMs, signal);
    }
  };
}
