import { NetworkError, type Connection, type Network } from "../network.ts";

/** A queue of values with one reader; null ends it. */
class Pipe<T> {
  readonly #items: T[] = [];
  #ended = false;
  #wake: (() => void)[] = [];
  push(item: T): void {
    if (this.#ended) return;
    this.#items.push(item);
    this.#notify();
  }
  end(): void {
    this.#ended = true;
    this.#notify();
  }
  get ended(): boolean {
    return this.#ended;
  }
  async take(): Promise<T | null> {
    while (this.#items.length === 0) {
      if (this.#ended) return null;
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
    return this.#items.shift()!;
  }
  #notify(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}

function endpoint(input: Pipe<Uint8Array>, output: Pipe<Uint8Array>, address: string): Connection {
  return {
    read: () => input.take(),
    write: async (bytes) => {
      if (output.ended) throw new NetworkError("EPIPE", address);
      output.push(bytes.slice());
    },
    close: async () => {
      input.end();
      output.end();
    },
  };
}

/** The server's side of a port of the simulated network. */
export class SimulatedListener {
  readonly #waiting: Pipe<Connection> = new Pipe();
  readonly #close: () => void;
  constructor(close: () => void) {
    this.#close = close;
  }
  /** The next client; null after {@link close}. */
  accept(): Promise<Connection | null> {
    return this.#waiting.take();
  }
  /** @internal */
  offer(connection: Connection): void {
    this.#waiting.push(connection);
  }
  /** Later connects are refused; open connections stay. */
  close(): void {
    this.#close();
    this.#waiting.end();
  }
}

/** Streams in memory between {@link listen} and `connect`; a port without a listener refuses (`ECONNREFUSED`). */
export class SimulatedNetwork implements Network {
  readonly #listeners = new Map<string, SimulatedListener>();

  listen(host: string, port: number): SimulatedListener {
    const address = `${host}:${port}`;
    if (this.#listeners.has(address)) throw new NetworkError("EADDRINUSE", address);
    const listener = new SimulatedListener(() => this.#listeners.delete(address));
    this.#listeners.set(address, listener);
    return listener;
  }

  async connect(host: string, port: number, signal?: AbortSignal): Promise<Connection> {
    signal?.throwIfAborted();
    const address = `${host}:${port}`;
    const listener = this.#listeners.get(address);
    if (listener === undefined) throw new NetworkError("ECONNREFUSED", address);
    const toServer = new Pipe<Uint8Array>();
    const toClient = new Pipe<Uint8Array>();
    listener.offer(endpoint(toServer, toClient, address));
    return endpoint(toClient, toServer, address);
  }
}
