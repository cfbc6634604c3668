/**
 * `socket`: lines of UTF-8 text from a TCP server (`nc -lk 9999`). For trying things out: what was received and not
 * committed when the process ends is gone (guarantee `none`).
 */
import { refuseSchema } from "../fixed-schema.ts";
import type { RecordBatch } from "../../columnar/record-batch.ts";
import { BytesBuilder } from "../../columnar/bytes-builder.ts";
import { MillraceError } from "../../errors/index.ts";
import { OptionReader } from "../../logical-plan/option-reader.ts";
import type { Connection } from "../../runtime/network.ts";
import { stringType, type StructType, structType, timestampType } from "../../types/data-type.ts";
import { BufferedStream } from "../buffered-stream.ts";
import type {
  MicroBatchSource,
  OffsetJson,
  ReadLimit,
  RealTimeReading,
  ScanRequest,
  SourceContext,
  SourceProvider,
  SourceSplit,
  StreamSourceContext,
} from "../contract.ts";
import { limitedEnd, numberOffset } from "../number-offset.ts";
import { projectBatch } from "../project-batch.ts";

interface Line {
  readonly bytes: Uint8Array;
  readonly receivedMs: number;
}

const bufferedLines = 1_000_000;
const maxLineBytes = 64 * 1024 * 1024;

function schemaOf(context: SourceContext): StructType {
  const value = { name: "value", type: stringType, nullable: true };
  return new OptionReader("socket", context.options).flag("includeTimestamp", false)
    ? structType([value, { name: "timestamp", type: timestampType, nullable: true }])
    : structType([value]);
}

function address(context: SourceContext): { readonly host: string; readonly port: number } {
  const options = new OptionReader("socket", context.options);
  const host = options.required("host", 'Set it with .option("host", "localhost").');
  options.required("port", 'Set it with .option("port", 9999).');
  return { host, port: options.count("port")! };
}

class SocketSource implements MicroBatchSource {
  readonly guarantee = "none";
  readonly filtered = false;
  readonly defaultLimit: ReadLimit = { kind: "all" };
  readonly description: string;
  readonly #context: StreamSourceContext;
  readonly #schema: StructType;
  readonly #columns: StructType;
  readonly #lines = new BufferedStream<Line>(bufferedLines);
  readonly #connection: Connection;
  readonly #reading: Promise<void>;
  #closed = false;
  #end: number | undefined;

  constructor(connection: Connection, context: StreamSourceContext, request: ScanRequest) {
    const { host, port } = address(context);
    this.description = `TextSocketV2[host: ${host}, port: ${port}]`;
    this.#context = context;
    this.#schema = request.schema;
    this.#columns = request.columns;
    this.#connection = connection;
    this.#reading = this.#receive(`${host}:${port}`);
  }

  async #receive(peer: string): Promise<void> {
    let pending: Uint8Array[] = [];
    let pendingBytes = 0;
    const finish = (tail: Uint8Array): void => {
      const bytes = new Uint8Array(pendingBytes + tail.length);
      let at = 0;
      for (const part of pending) {
        bytes.set(part, at);
        at += part.length;
      }
      bytes.set(tail, at);
      pending = [];
      pendingBytes = 0;
      const end = bytes.at(-1) === 13 ? bytes.length - 1 : bytes.length;
      this.#lines.push({ bytes: bytes.subarray(0, end), receivedMs: this.#context.runtime.clock.nowMs() });
    };
    try {
      for (;;) {
        const chunk = await this.#connection.read();
        if (chunk === null) break;
        let from = 0;
        for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, from)) {
          finish(chunk.subarray(from, at));
          from = at + 1;
        }
        if (from < chunk.length) {
          pending.push(chunk.slice(from));
          pendingBytes += chunk.length - from;
        }
        if (pendingBytes > maxLineBytes) {
          throw new MillraceError("RECORD_TOO_LARGE", {
            path: `socket ${peer}`,
            line: `${this.#lines.available()}`,
            limit: `${maxLineBytes}`,
          });
        }
        await this.#lines.room();
      }
      if (pendingBytes > 0) finish(new Uint8Array(0));
      if (!this.#closed) this.#context.warn(`${peer} closed the connection: no more lines will come`);
      this.#lines.end();
    } catch (error) {
      this.#lines.end(this.#closed ? undefined : error);
    }
  }

  async initialOffset(): Promise<OffsetJson | null> {
    return "-1";
  }

  async latestOffset(start: OffsetJson | null, limit: ReadLimit): Promise<OffsetJson | null> {
    const from = numberOffset(start) + 1;
    this.#lines.startAt(from);
    return `${limitedEnd(from, Math.min(this.#lines.available(), this.#end ?? Infinity), limit) - 1}`;
  }

  async prepareForAvailableNow(): Promise<void> {
    this.#end = this.#lines.available();
  }

  async reportLatestOffset(): Promise<OffsetJson | null> {
    return `${this.#lines.available() - 1}`;
  }

  async plan(start: OffsetJson | null, end: OffsetJson): Promise<readonly SourceSplit[]> {
    const from = start === null ? 0 : numberOffset(start) + 1;
    return [{ description: `lines ${from}-${end}`, data: [from, numberOffset(end) + 1] }];
  }

  async *read(split: SourceSplit): AsyncIterable<RecordBatch> {
    const [from, to] = split.data as [number, number];
    const lines = this.#lines.slice(from, to);
    if (lines.length < to - from) {
      this.#context.warn(
        `${to - from - lines.length} lines of an interrupted batch are lost: a socket cannot be read again`,
      );
    }
    if (lines.length === 0) return;
    const values = new BytesBuilder(stringType, lines.length);
    const times = new BigInt64Array(lines.length);
    lines.forEach((line, i) => {
      values.appendBytes(line.bytes, 0, line.bytes.length);
      times[i] = BigInt(line.receivedMs) * 1000n;
    });
    const columns = [
      values.finish(),
      { kind: "i64" as const, type: timestampType, length: lines.length, validity: null, values: times },
    ];
    yield projectBatch(
      { schema: this.#schema, length: lines.length, columns: columns.slice(0, this.#schema.fields.length) },
      this.#columns,
    );
  }

  async commit(end: OffsetJson): Promise<void> {
    this.#lines.commit(numberOffset(end) + 1);
  }

  readonly realTime: RealTimeReading = {
    latest: (from) => this.latestOffset(from, { kind: "all" }),
    release: (position) => this.#lines.commit(numberOffset(position) + 1),
  };

  onAvailable(callback: () => void): void {
    this.#lines.onAvailable(callback);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#lines.end();
    await this.#connection.close();
    await this.#reading;
  }
}

export const socketProvider: SourceProvider = {
  names: ["socket"],
  async inferSchema(context, given) {
    refuseSchema(
      "socket",
      given,
      "The socket source has a fixed schema: value STRING (and timestamp TIMESTAMP with includeTimestamp).",
    );
    address(context);
    return schemaOf(context);
  },
  async openStream(context, request) {
    const { host, port } = address(context);
    let connection: Connection;
    try {
      connection = await context.runtime.network.connect(host, port, context.signal);
    } catch (error) {
      const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
      throw new MillraceError("CANNOT_CONNECT", { address: `${host}:${port}`, code }, { cause: error });
    }
    context.warn("the socket source cannot be read again after a failure: use it for trying things out");
    return new SocketSource(connection, context, request);
  },
};
