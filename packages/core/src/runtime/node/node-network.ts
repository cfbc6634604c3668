import { createConnection, type Socket } from "node:net";
import { NetworkError, type Connection, type Network } from "../network.ts";

function networkError(error: unknown, address: string): NetworkError {
  const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "EUNKNOWN";
  return new NetworkError(code, address, { cause: error });
}

/** Waits until the socket has bytes, ended or failed, whichever comes first. */
function changed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const events = ["readable", "end", "close", "error"] as const;
    const done = (): void => {
      for (const event of events) socket.off(event, done);
      resolve();
    };
    for (const event of events) socket.on(event, done);
  });
}

class NodeConnection implements Connection {
  readonly #socket: Socket;
  readonly #address: string;
  #failure: NetworkError | null = null;
  constructor(socket: Socket, address: string) {
    this.#socket = socket;
    this.#address = address;
    socket.on("error", (error) => {
      this.#failure = networkError(error, address);
    });
  }
  async read(): Promise<Uint8Array | null> {
    for (;;) {
      const chunk: unknown = this.#socket.read();
      if (chunk instanceof Uint8Array) return chunk;
      if (this.#failure !== null) throw this.#failure;
      if (this.#socket.readableEnded || this.#socket.destroyed) return null;
      await changed(this.#socket);
    }
  }
  write(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.write(bytes, (error) => {
        if (error === null || error === undefined) resolve();
        else reject(networkError(error, this.#address));
      });
    });
  }
  close(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#socket.destroyed) resolve();
      else {
        this.#socket.once("close", () => resolve());
        this.#socket.end();
        this.#socket.destroy();
      }
    });
  }
}

export class NodeNetwork implements Network {
  connect(host: string, port: number, signal?: AbortSignal): Promise<Connection> {
    const address = `${host}:${port}`;
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(signal.reason as Error);
        return;
      }
      const socket = createConnection({ host, port, noDelay: true });
      const onAbort = (): void => {
        socket.destroy();
        reject(signal?.reason as Error);
      };
      const onError = (error: Error): void => {
        signal?.removeEventListener("abort", onAbort);
        reject(networkError(error, address));
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      socket.once("error", onError);
      socket.once("connect", () => {
        signal?.removeEventListener("abort", onAbort);
        socket.off("error", onError);
        resolve(new NodeConnection(socket, address));
      });
    });
  }
}
