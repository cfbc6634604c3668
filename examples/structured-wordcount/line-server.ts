import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";

/** What `nc -lk` is by hand: a server that sends the lines it is told to whoever is connected. */
export class LineServer implements AsyncDisposable {
  readonly #server: Server;
  readonly #clients = new Set<Socket>();

  constructor() {
    this.#server = createServer((client) => this.#clients.add(client));
  }

  /** Starts listening on a free port. */
  async listen(): Promise<number> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("the server has no port");
    return address.port;
  }

  /** Sends a line to all clients, and first waits for one. */
  async send(line: string): Promise<void> {
    if (this.#clients.size === 0) await once(this.#server, "connection");
    for (const client of this.#clients) client.write(`${line}\n`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client.destroy();
    this.#server.close();
  }
}
