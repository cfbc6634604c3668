/**
 * `npm start`: what a web service does, live: requests, errors and latencies per route and 10-second window.
 *
 * Without arguments it brings its own service and visitors; with paths it follows logs of yours. `--help` tells the rest.
 */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { SparkSession } from "millrace";
import { AccessLog } from "./access-log.ts";
import { detectFormat, firstLine, type LogFormat } from "./log-format.ts";
import { monitor } from "./monitor.ts";
import { type Options, readOptions, usage } from "./options.ts";
import { openScreen } from "./screen.ts";
import { startService } from "./service.ts";
import { runTraffic } from "./traffic.ts";

/** Small, so that files are rotated while one looks. */
const rotateBytes = 128 << 10;

async function run(options: Options): Promise<void> {
  await using cleanup = new AsyncDisposableStack();
  const ending = new AbortController();
  const end = (): void => ending.abort();
  process.once("SIGINT", end).once("SIGTERM", end);
  if (options.seconds !== undefined) setTimeout(end, options.seconds * 1000).unref();

  const directory = options.checkpoint ?? (await mkdtemp(join(tmpdir(), "millrace-access-monitor-")));
  if (options.checkpoint === undefined) cleanup.defer(() => rm(directory, { recursive: true, force: true }));

  let paths = options.paths;
  let format: LogFormat | undefined;
  if (paths.length === 0) {
    paths = [join(directory, "logs")];
    format = { kind: "common", hasLatency: true };
    await startShop(join(directory, "logs"), ending.signal, cleanup);
  } else {
    format = await waitForFormat(options, ending.signal);
  }
  if (format === undefined) return;

  const spark = cleanup.use(await SparkSession.builder.appName("access-monitor").getOrCreate());
  const hasLatency = format.kind === "common" ? format.hasLatency : format.latency !== undefined;
  using screen = openScreen(process.stdout, `Millrace access monitor · ${paths.join(", ")} · Ctrl-C ends`, hasLatency);
  await monitor(spark, screen, { ...options, paths, format, directory, signal: ending.signal });
}

async function startShop(logs: string, signal: AbortSignal, cleanup: AsyncDisposableStack): Promise<void> {
  await mkdir(logs, { recursive: true });
  const log = cleanup.use(new AccessLog(logs, rotateBytes));
  const service = cleanup.use(await startService(log));
  const traffic = runTraffic(service.port, signal);
  cleanup.defer(() => traffic);
}

/** The format of the first line; waits for one while the files are empty. */
async function waitForFormat(options: Options, signal: AbortSignal): Promise<LogFormat | undefined> {
  while (!signal.aborted) {
    const line = firstLine(options.paths);
    if (line !== undefined) return detectFormat(line, options.fields);
    if (options.once) return undefined;
    await sleep(200, undefined, { signal }).catch(() => {});
  }
  return undefined;
}

function optionsGiven(): Options {
  try {
    return readOptions(process.argv.slice(2), process.env["INIT_CWD"] ?? process.cwd());
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new Error(`${message}\nnpm start -- --help says what can be given.`, { cause: error });
  }
}

try {
  const options = optionsGiven();
  if (options.help) console.log(usage);
  else await run(options);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
