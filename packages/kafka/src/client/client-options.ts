import { MillraceError, OptionReader, type OptionMap } from "millrace/engine";

export interface ServerAddress {
  readonly host: string;
  readonly port: number;
}

/** What sources and sinks need to reach a cluster. */
export interface ClientOptions {
  readonly servers: readonly ServerAddress[];
  readonly requestTimeoutMs: number;
  /** How long errors that pass are waited for. */
  readonly apiTimeoutMs: number;
  readonly backoffMs: number;
}

const shared = [
  "kafka.bootstrap.servers",
  "kafka.request.timeout.ms",
  "kafka.default.api.timeout.ms",
  "kafka.retry.backoff.ms",
];

/**
 * The options for the connection.
 * @param more the other options with the prefix `kafka.` that the source or sink knows. Any other is refused, since one that
 *   is left out (`kafka.security.protocol`) could mean that secrets go out in the clear
 */
export function clientOptions(options: OptionMap, more: readonly string[]): ClientOptions {
  const reader = new OptionReader("kafka", options);
  for (const name of options.keys()) {
    if (!name.startsWith("kafka.") || shared.includes(name) || more.includes(name)) continue;
    // Without its value, which may be a secret.
    throw new MillraceError("INVALID_OPTION", {
      option: name,
      provider: "kafka",
      value: "given",
      expected: `These options of Kafka's client are supported here: ${[...shared, ...more].join(", ")}.`,
    });
  }
  const text = reader.required(
    "kafka.bootstrap.servers",
    'Set it with .option("kafka.bootstrap.servers", "host:9092").',
  );
  const servers = text.split(",").map((part) => serverAddress(part.trim(), reader));
  return {
    servers,
    requestTimeoutMs: reader.count("kafka.request.timeout.ms") ?? 30_000,
    apiTimeoutMs: reader.count("kafka.default.api.timeout.ms") ?? 60_000,
    backoffMs: reader.count("kafka.retry.backoff.ms") ?? 100,
  };
}

function serverAddress(text: string, reader: OptionReader): ServerAddress {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined || Number(port) < 1 || Number(port) > 65_535) {
    throw reader.invalid("kafka.bootstrap.servers", text, "Give host:port, and a comma between several.");
  }
  return { host, port: Number(port) };
}
