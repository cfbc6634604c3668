import { type Connection, NetworkError, type Runtime } from "millrace/engine";
import type { Api } from "../protocol/api.ts";
import { ByteReader } from "../protocol/byte-reader.ts";
import { ByteWriter } from "../protocol/byte-writer.ts";
import { apiVersions, type VersionRange } from "../protocol/api-versions.ts";

interface Waiting {
  readonly correlationId: number;
  answer(frame: Uint8Array): void;
  fail(error: Error): void;
}

const sizeBytes = 4;
/** A peer that announces more than this does not speak Kafka's protocol. */
const largestFrame = 1 << 30;
const largestRequest = 100 << 20;

/** One connection to a broker. Requests may be sent without waiting for the answers before, which come in order. */
export class BrokerConnection {
  readonly address: string;
  readonly #runtime: Runtime;
  readonly #connection: Connection;
  readonly #waiting: Waiting[] = [];
  #nextId = 0;
  #ranges: ReadonlyMap<number, VersionRange> = new Map();
  #failure: Error | undefined;
  readonly #reading: Promise<void>;

  private constructor(address: string, runtime: Runtime, connection: Connection) {
    this.address = address;
    this.#runtime = runtime;
    this.#connection = connection;
    this.#reading = this.#receive();
  }

  /** @throws NetworkError */
  static async open(
    runtime: Runtime,
    host: string,
    port: number,
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<BrokerConnection> {
    const connection = await runtime.network.connect(host, port, signal);
    const broker = new BrokerConnection(`${host}:${port}`, runtime, connection);
    try {
      const { ranges } = await broker.send(apiVersions, null, timeoutMs, signal);
      broker.#ranges = new Map(ranges.map((range) => [range.key, range]));
      return broker;
    } catch (error) {
      await broker.close();
      throw error;
    }
  }

  get isOpen(): boolean {
    return this.#failure === undefined;
  }

  /** Whether the broker understands a request in the version that is spoken here. */
  understands(api: Api<never, unknown>): boolean {
    const range = this.#ranges.get(api.key);
    return range !== undefined && range.min <= api.version && api.version <= range.max;
  }

  /**
   * Sends a request and resolves to its answer. A connection whose answer is late is closed, since later answers would be
   * late too.
   * @throws NetworkError `ETIMEDOUT`, or what ended the connection
   */
  async send<Request, Response>(
    api: Api<Request, Response>,
    request: Request,
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<Response> {
    signal.throwIfAborted();
    if (this.#failure !== undefined) throw this.#failure;
    const correlationId = this.#nextId++ & 0x7fff_ffff;
    const to = new ByteWriter(1024);
    to.int32(0).int16(api.key).int16(api.version).int32(correlationId).string("millrace").end();
    api.write(request, to);
    const frame = to.written();
    if (frame.length > largestRequest) throw new NetworkError("EMSGSIZE", this.address);
    new DataView(frame.buffer).setInt32(0, frame.length - sizeBytes);
    const answered = new AbortController();
    const answer = new Promise<Uint8Array>((resolve, reject) => {
      this.#waiting.push({ correlationId, answer: resolve, fail: reject });
      const onAbort = (): void => reject(signal.reason as Error);
      signal.addEventListener("abort", onAbort, { once: true, signal: answered.signal });
    });
    const late = new NetworkError("ETIMEDOUT", this.address);
    this.#runtime.clock.sleep(timeoutMs, answered.signal).then(
      () => this.#fail(late),
      () => undefined,
    );
    try {
      this.#connection.write(frame).catch((error: unknown) => this.#fail(error));
      const from = new ByteReader(await answer, sizeBytes);
      if (api.key !== apiVersions.key) from.end();
      return api.read(from);
    } finally {
      answered.abort();
    }
  }

  async close(): Promise<void> {
    this.#fail(new NetworkError("ECONNABORTED", this.address));
    await this.#reading;
  }

  async #receive(): Promise<void> {
    const size = new Uint8Array(sizeBytes);
    let frame: Uint8Array | null = null;
    let filled = 0;
    try {
      for (let chunk = await this.#connection.read(); chunk !== null; chunk = await this.#connection.read()) {
        for (let at = 0; at < chunk.length;) {
          const target = frame ?? size;
          const taken = Math.min(target.length - filled, chunk.length - at);
          target.set(chunk.subarray(at, at + taken), filled);
          at += taken;
          filled += taken;
          if (filled < target.length) continue;
          filled = 0;
          if (frame === null) {
            const length = new DataView(size.buffer).getInt32(0);
            if (length < sizeBytes || length > largestFrame) throw new NetworkError("EPROTO", this.address);
            frame = new Uint8Array(length);
          } else {
            this.#answer(frame);
            frame = null;
          }
        }
      }
      throw new NetworkError("ECONNRESET", this.address);
    } catch (error) {
      this.#fail(error);
    }
  }

  #answer(frame: Uint8Array): void {
    const next = this.#waiting.shift();
    const correlationId = new DataView(frame.buffer).getInt32(0);
    if (next?.correlationId !== correlationId) throw new NetworkError("EPROTO", this.address);
    next.answer(frame);
  }

  #fail(error: unknown): void {
    this.#failure ??= error instanceof Error ? error : new NetworkError("EUNKNOWN", this.address, { cause: error });
    for (const waiting of this.#waiting.splice(0)) waiting.fail(this.#failure);
    this.#connection.close().catch(() => undefined);
  }
}
