import { Agent, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { chance, exponential, weighted } from "./random.ts";

/** Where people go from a page, and how likely; those who go nowhere leave. */
const nextPages: Readonly<Record<string, readonly (readonly [page: string, weight: number])[]>> = {
  "/": [
    ["/products", 5],
    ["/search", 4],
    ["leave", 2],
  ],
  "/products": [
    ["/products/:id", 6],
    ["/search", 2],
    ["leave", 2],
  ],
  "/search": [
    ["/products/:id", 6],
    ["/search", 3],
    ["leave", 2],
  ],
  "/products/:id": [
    ["/products/:id", 3],
    ["/cart", 3],
    ["/products", 2],
    ["/search", 1],
    ["leave", 3],
  ],
  "/cart": [
    ["/checkout", 5],
    ["/products", 3],
    ["leave", 2],
  ],
  "/checkout": [
    ["/", 1],
    ["leave", 3],
  ],
};
const posts: ReadonlySet<string> = new Set(["/cart", "/checkout"]);

const thinkMs = 700;
const mostPeople = 400;
/** New people a second: usually, and while a mail with an offer has gone out. */
const arrivals = { usual: 9, burst: 40, everyMs: 30_000, lastsMs: 5000 };

const agents = [
  "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
  "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15",
  "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
];

/** People on the shop, and the load balancer that asks for its health, until the signal aborts. */
export async function runTraffic(port: number, signal: AbortSignal): Promise<void> {
  using agent = new DisposableAgent({ keepAlive: true, maxSockets: mostPeople });
  const shop: Shop = { port, agent, signal };
  const people = new Set<Promise<void>>();
  const health = untilAborted(signal, () => checkHealth(shop));
  await untilAborted(signal, async () => {
    const started = performance.now();
    while (true) {
      const burst = (performance.now() - started) % arrivals.everyMs >= arrivals.everyMs - arrivals.lastsMs;
      await sleep(exponential(1000 / (burst ? arrivals.burst : arrivals.usual)), undefined, { signal });
      if (people.size >= mostPeople) continue;
      const person = untilAborted(signal, () => visit(shop)).finally(() => people.delete(person));
      people.add(person);
    }
  });
  await Promise.all([health, ...people]);
}

interface Shop {
  readonly port: number;
  readonly agent: Agent;
  readonly signal: AbortSignal;
}

class DisposableAgent extends Agent implements Disposable {
  [Symbol.dispose](): void {
    this.destroy();
  }
}

/** One person: page after page, with a while to read each, until they leave or have had enough of errors. */
async function visit(shop: Shop): Promise<void> {
  const client = `10.${[0, 0, 0].map(() => Math.floor(Math.random() * 256)).join(".")}`;
  const browser = weighted(agents.map((name) => [name, 1])) ?? "-";
  let page = chance(0.7) ? "/" : "/products/:id";
  let patience = 2;
  while (page !== "leave" && patience > 0) {
    const status = await send(shop, posts.has(page) ? "POST" : "GET", urlOf(page), client, browser);
    if (status >= 500) patience--;
    // Whoever gets an error tries the same page again.
    else page = weighted(nextPages[page] ?? []) ?? "leave";
    await sleep(exponential(status >= 500 ? thinkMs / 2 : thinkMs), undefined, { signal: shop.signal });
  }
}

async function checkHealth(shop: Shop): Promise<void> {
  while (true) {
    await send(shop, "GET", "/health", "127.0.0.1", "load-balancer/1.0");
    await sleep(1000, undefined, { signal: shop.signal });
  }
}

function urlOf(page: string): string {
  if (page === "/search")
    return `/search?q=${weighted([
      ["shoes", 4],
      ["tea+pot", 2],
      ["lamp", 1],
    ])}`;
  // A few products are asked for far more often than the others.
  return page.replace(":id", String(1 + Math.floor(exponential(40))));
}

/** Sends one request; resolves with its status when the answer was read to its end. */
function send(shop: Shop, method: string, path: string, client: string, browser: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const { port, agent, signal } = shop;
    const headers = { "user-agent": browser, "x-forwarded-for": client };
    const sent = request({ host: "127.0.0.1", port, method, path, agent, signal, headers }, (response) => {
      response.on("error", reject).on("end", () => resolve(response.statusCode ?? 0));
      response.resume();
    });
    sent.on("error", reject).end();
  });
}

/** Runs something that only ends by the signal, which is no error; anything else is. */
async function untilAborted(signal: AbortSignal, run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
