import { MillraceError, OptionReader, type OptionMap, type ReadLimit } from "millrace/engine";
import { type ClientOptions, clientOptions } from "../client/client-options.ts";
import type { TopicPartition } from "../client/topic-partition.ts";
import { type Offsets, parseOffsets, parsePartitions } from "./offsets.ts";

export type Subscription =
  | { readonly kind: "assign"; readonly partitions: readonly TopicPartition[] }
  | { readonly kind: "subscribe"; readonly topics: readonly string[] }
  | { readonly kind: "pattern"; readonly pattern: RegExp };

export type Position = "earliest" | "latest" | Offsets;

export interface SourceOptions {
  readonly client: ClientOptions;
  readonly subscription: Subscription;
  /** As the user wrote it, for descriptions. */
  readonly subscribed: string;
  readonly starting: Position;
  readonly ending: Position;
  readonly limit: ReadLimit;
  readonly failOnDataLoss: boolean;
  readonly includeHeaders: boolean;
  readonly committed: boolean;
  readonly maxFetchBytes: number;
}

/** Four times what Kafka's own client asks for: large buffers are few, and cost the collector of garbage less. */
const defaultFetchBytes = 4 << 20;
const fetchBytes = "kafka.max.partition.fetch.bytes";
const isolation = "kafka.isolation.level";

/** Options of Spark's that would change what is read, and are not supported. */
const unsupported = [
  "startingTimestamp",
  "endingTimestamp",
  "startingOffsetsByTimestamp",
  "endingOffsetsByTimestamp",
  "minOffsetsPerTrigger",
  "maxTriggerDelay",
  "minPartitions",
  "maxRecordsPerPartition",
] as const;

/** @throws MillraceError INVALID_OPTION, MISSING_OPTION */
export function sourceOptions(options: OptionMap, streaming: boolean): SourceOptions {
  const reader = new OptionReader("kafka", options);
  for (const name of unsupported) {
    const value = reader.text(name);
    if (value !== undefined) throw reader.invalid(name, value, "This option is not supported: leave it away.");
  }
  const client = clientOptions(options, [isolation, fetchBytes]);
  const { subscription, subscribed } = subscriptionOf(reader);
  const starting = position(reader, "startingOffsets", streaming ? "latest" : "earliest");
  const ending = position(reader, "endingOffsets", "latest");
  if (streaming && reader.text("endingOffsets") !== undefined) {
    throw reader.invalid("endingOffsets", reader.text("endingOffsets")!, "A stream has no end: leave the option away.");
  }
  if (!streaming && starting === "latest") {
    throw reader.invalid("startingOffsets", "latest", "A batch cannot begin at the end: give earliest, or JSON.");
  }
  if (ending === "earliest") {
    throw reader.invalid("endingOffsets", "earliest", "A batch cannot end at the start: give latest, or JSON.");
  }
  const most = reader.count("maxOffsetsPerTrigger");
  return {
    client,
    subscription,
    subscribed,
    starting,
    ending,
    limit: most === undefined ? { kind: "all" } : { kind: "maxRows", rows: most },
    failOnDataLoss: reader.flag("failOnDataLoss", true),
    includeHeaders: reader.flag("includeHeaders", false),
    committed: reader.oneOf(isolation, ["read_committed", "read_uncommitted"], "read_uncommitted") === "read_committed",
    maxFetchBytes: reader.count(fetchBytes) ?? defaultFetchBytes,
  };
}

function subscriptionOf(reader: OptionReader): Pick<SourceOptions, "subscription" | "subscribed"> {
  const given = ["assign", "subscribe", "subscribePattern"].filter((name) => reader.text(name) !== undefined);
  const [name] = given;
  if (name === undefined || given.length > 1) {
    throw new MillraceError("INVALID_OPTION", {
      option: given.join(", ") || "subscribe",
      provider: "kafka",
      value: given.length > 1 ? "given together" : "not given",
      expected: "Give exactly one of subscribe, subscribePattern and assign.",
    });
  }
  const value = reader.text(name)!;
  const subscribed = `${name.slice(0, 1).toUpperCase()}${name.slice(1)}[${value}]`;
  if (name === "assign") {
    const partitions = parsePartitions(value);
    if (partitions === undefined) throw reader.invalid(name, value, 'Give JSON such as {"clicks":[0,1]}.');
    return { subscription: { kind: "assign", partitions }, subscribed };
  }
  if (name === "subscribe") {
    const topics = value
      .split(",")
      .map((topic) => topic.trim())
      .filter((topic) => topic !== "");
    if (topics.length === 0) throw reader.invalid(name, value, "Give a topic, and a comma between several.");
    return { subscription: { kind: "subscribe", topics: [...new Set(topics)] }, subscribed };
  }
  try {
    return { subscription: { kind: "pattern", pattern: new RegExp(`^(?:${value})$`, "u") }, subscribed };
  } catch {
    throw reader.invalid(name, value, "Give a regular expression that matches whole names of topics.");
  }
}

function position(reader: OptionReader, name: string, otherwise: "earliest" | "latest"): Position {
  const text = reader.text(name)?.trim() ?? otherwise;
  const word = text.toLowerCase();
  if (word === "earliest" || word === "latest") return word;
  const offsets = parseOffsets(text);
  if (offsets === undefined) {
    throw reader.invalid(name, text, 'Give earliest, latest, or JSON such as {"clicks":{"0":23,"1":-2}}.');
  }
  return offsets;
}
