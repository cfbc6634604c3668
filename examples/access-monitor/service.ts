import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { AccessLog } from "./access-log.ts";
import { chance, logNormal } from "./random.ts";

/** How one route of the shop behaves: its usual latency, and how often it answers with which error. */
interface Behaviour {
  readonly path: RegExp;
  readonly medianMs: number;
  readonly spread: number;
  readonly errors: readonly (readonly [status: number, probability: number])[];
}

const routes: readonly Behaviour[] = [
  { path: /^\/$/, medianMs: 4, spread: 0.4, errors: [] },
  { path: /^\/products$/, medianMs: 14, spread: 0.5, errors: [[500, 0.002]] },
  {
    path: /^\/products\/\d+$/,
    medianMs: 9,
    spread: 0.5,
    errors: [
      [404, 0.04],
      [500, 0.003],
    ],
  },
  { path: /^\/search$/, medianMs: 55, spread: 0.7, errors: [[503, 0.01]] },
  {
    path: /^\/cart$/,
    medianMs: 18,
    spread: 0.5,
    errors: [
      [409, 0.02],
      [500, 0.004],
    ],
  },
  {
    path: /^\/checkout$/,
    medianMs: 160,
    spread: 0.6,
    errors: [
      [402, 0.05],
      [500, 0.015],
    ],
  },
  { path: /^\/health$/, medianMs: 1, spread: 0.2, errors: [] },
];

/** Every half minute the payment provider has a bad time: checkouts are slow, and many fail. */
const incident = { everyMs: 30_000, lastsMs: 8_000, slowdown: 4, errorRate: 0.35 };

/** Lines that a real log has too: some come late, a few too late to count, and a few are torn. */
const lateShare = 0.02;
const tooLateShare = 0.002;
const tornShare = 0.002;

export interface Service extends AsyncDisposable {
  readonly port: number;
}

/** Starts the shop on the loopback interface; it writes a line to the log for every request that it has answered. */
export async function startService(log: AccessLog): Promise<Service> {
  const started = Date.now();
  const server = createServer((request, response) => {
    answer(request, response, Date.now() - started, log).catch(() => response.destroy());
  });
  server.keepAliveTimeout = 10_000;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the service has no port");
  return { port: address.port, [Symbol.asyncDispose]: () => close(server) };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  uptimeMs: number,
  log: AccessLog,
): Promise<void> {
  const begun = performance.now();
  const url = request.url ?? "/";
  const path = url.split("?", 1)[0] ?? url;
  const behaviour = routes.find((route) => route.path.test(path));
  const failing = path === "/checkout" && uptimeMs % incident.everyMs >= incident.everyMs - incident.lastsMs;

  let status = behaviour === undefined ? 404 : request.method === "POST" ? 201 : 200;
  for (const [error, probability] of behaviour?.errors ?? []) if (chance(probability)) status = error;
  if (failing && chance(incident.errorRate)) status = 502;
  const median = (behaviour?.medianMs ?? 1) * (failing ? incident.slowdown : 1);
  await sleep(logNormal(median, behaviour?.spread ?? 0.2));

  const body = `{"path":${JSON.stringify(path)},"status":${status}}\n`;
  response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(body) });
  response.end(body);

  const line = logLine(request, status, body.length, (performance.now() - begun) / 1000);
  if (chance(tornShare)) log.append(line.slice(0, Math.floor(line.length / 3)));
  else if (chance(tooLateShare)) setTimeout(() => log.append(line), 40_000).unref();
  else if (chance(lateShare)) setTimeout(() => log.append(line), 2000 + Math.random() * 4000).unref();
  else log.append(line);
}

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** A line in the Combined Log Format with the time that the request took, in seconds, at its end. */
function logLine(request: IncomingMessage, status: number, bytes: number, seconds: number): string {
  const now = new Date();
  const two = (n: number): string => String(n).padStart(2, "0");
  const day = `${two(now.getUTCDate())}/${months[now.getUTCMonth()]}/${now.getUTCFullYear()}`;
  const time = `${two(now.getUTCHours())}:${two(now.getUTCMinutes())}:${two(now.getUTCSeconds())}`;
  const client = request.headers["x-forwarded-for"] ?? request.socket.remoteAddress ?? "-";
  const agent = request.headers["user-agent"] ?? "-";
  const first = `${request.method} ${request.url} HTTP/${request.httpVersion}`;
  return `${client} - - [${day}:${time} +0000] "${first}" ${status} ${bytes} "-" "${agent}" ${seconds.toFixed(3)}`;
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise<void>((resolve) => server.close(() => resolve()));
}
