/** What a thread of the pool needs of a session: its formats and settings. */
import { MillraceError } from "../errors/index.ts";
import { openOperatorMemory } from "../execution/memory/operator-memory.ts";
import type { ToWorker } from "../execution/parallel/messages.ts";
import { type TaskHost, TaskServer } from "../execution/parallel/task-server.ts";
import { loadExport } from "../expressions/load-export.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { WorkerPort } from "../runtime/workers.ts";
import type { SourceProvider } from "../sources/contract.ts";
import { builtInSources } from "./built-in-sources.ts";
import { FormatProviders } from "./format-providers.ts";
import { absolutePath } from "./paths.ts";
import { retriedReads } from "../runtime/retried-reads.ts";
import { restrictPaths } from "./restrict-paths.ts";

/** Serves the tasks that arrive at `port`. @param ready what must be loaded before the first task */
export function serveTasks(port: WorkerPort, runtime: Runtime, ready: Promise<void>): void {
  const sources = new FormatProviders<SourceProvider>(builtInSources, "sourceProvider");
  const host: TaskHost = {
    clock: runtime.clock,
    openReader(scan, request, open, signal) {
      const { read } = scan;
      const provider = sources.get(read.format);
      if (provider.openReader === undefined) {
        throw new MillraceError("INTERNAL_ERROR", { message: `a thread cannot read ${read.format}` });
      }
      const conf = new Map(open.conf);
      const warn = (message: string): void => port.post({ kind: "warn", message });
      const patient = { ...runtime, fs: retriedReads(runtime.fs, runtime.clock, warn) };
      const context = {
        runtime: restrictPaths(patient, conf.get("millrace.restrictPaths")),
        options: read.options,
        paths: read.paths.map((path) => absolutePath(path, runtime)),
        timeZone: open.options.timeZone,
        conf: (key: string) => conf.get(key),
        signal,
        warn,
      };
      return provider.openReader(context, request);
    },
    openMemory: (limitBytes) =>
      openOperatorMemory(runtime, { limitBytes, directory: runtime.process.temporaryDirectory }),
    loadFunction: (fn) => loadExport(fn.module!.url, fn.module!.exportName),
  };
  const server = new TaskServer(port, host);
  let tail = ready;
  port.listen((message) => {
    // In order, also before everything is loaded.
    tail = tail.then(() => server.receive(message as ToWorker));
  });
}
