import { MillraceError, NetworkError, type Runtime } from "millrace/engine";
import type { Api } from "../protocol/api.ts";
import { errorName, isPassing, unknownTopicOrPartition } from "../protocol/error-codes.ts";
import { type ListedOffset, listOffsets } from "../protocol/list-offsets.ts";
import { type BrokerAddress, metadata, type TopicMetadata } from "../protocol/metadata.ts";
import { BrokerConnection } from "./broker-connection.ts";
import type { ClientOptions } from "./client-options.ts";
import { comparePartitions, type TopicPartition, partitionKey } from "./topic-partition.ts";

/** A Kafka cluster: who leads which partition, a connection to each broker that is needed, and asking again while errors pass. */
export class Cluster {
  readonly #runtime: Runtime;
  readonly #options: ClientOptions;
  readonly #signal: AbortSignal;
  readonly #connections = new Map<string, Promise<BrokerConnection>>();
  readonly #leaders = new Map<string, BrokerAddress>();
  #brokers: readonly BrokerAddress[] = [];
  #wasReached = false;

  constructor(runtime: Runtime, options: ClientOptions, signal: AbortSignal) {
    this.#runtime = runtime;
    this.#options = options;
    this.#signal = signal;
  }

  /**
   * What is known of topics; leaves out those that are not there.
   * @param topics null: all
   * @param create whether those that are not there are made, if the brokers allow it
   */
  async topics(topics: readonly string[] | null, create = false): Promise<readonly TopicMetadata[]> {
    return this.#untilDone("Metadata", topics?.join(", ") ?? "all topics", async () => {
      const broker = await this.#anyBroker();
      const { brokers, topics: found } = await this.#send(broker, metadata, { topics, create });
      this.#brokers = brokers;
      const byId = new Map(brokers.map((each) => [each.id, each]));
      for (const { name, partitions } of found) {
        for (const { partition, leader } of partitions) {
          const address = byId.get(leader);
          if (address !== undefined) this.#leaders.set(partitionKey({ topic: name, partition }), address);
        }
      }
      const failed = found.find(
        ({ errorCode }) => errorCode !== 0 && (create || errorCode !== unknownTopicOrPartition),
      );
      if (failed !== undefined) return failed.errorCode;
      return { value: found.filter(({ errorCode }) => errorCode === 0) };
    });
  }

  /** Asks the leader of a partition, again while the error passes; resolves to an answer without error or with a lasting one. */
  async askLeader<Request, Response>(
    partition: TopicPartition,
    api: Api<Request, Response>,
    request: Request,
    errorCodeOf: (response: Response) => number,
  ): Promise<Response> {
    const key = partitionKey(partition);
    return this.#untilDone(api.name, key, async () => {
      const response = await this.#send(await this.#leader(partition), api, request);
      const code = errorCodeOf(response);
      if (!isPassing(code)) return { value: response };
      this.#leaders.delete(key);
      return code;
    });
  }

  /** The offsets of partitions at a time. @throws MillraceError KAFKA_REQUEST_FAILED */
  async offsetsAt(
    partitions: readonly TopicPartition[],
    time: number,
    committed: boolean,
  ): Promise<ReadonlyMap<string, number>> {
    const offsets = new Map<string, number>();
    const ask = async (each: TopicPartition): Promise<void> => {
      const request = { committed, topic: each.topic, partitions: [each.partition], time };
      const errorCodeOf = ([listed]: readonly ListedOffset[]): number => listed?.errorCode ?? -1;
      const response = await this.askLeader(each, listOffsets, request, errorCodeOf);
      const [listed] = response;
      if (listed === undefined || listed.errorCode !== 0) {
        throw this.failed(listOffsets.name, partitionKey(each), errorName(listed?.errorCode ?? -1));
      }
      offsets.set(partitionKey(each), listed.offset);
    };
    await Promise.all(partitions.toSorted(comparePartitions).map(ask));
    return offsets;
  }

  failed(request: string, subject: string, error: string): MillraceError {
    const address = this.#options.servers.map(({ host, port }) => `${host}:${port}`).join(",");
    return new MillraceError("KAFKA_REQUEST_FAILED", { address, request, subject, error });
  }

  async close(): Promise<void> {
    const connections = [...this.#connections.values()];
    this.#connections.clear();
    for (const connection of connections) {
      await connection.then(
        (open) => open.close(),
        () => undefined,
      );
    }
  }

  /** @param attempt gives a value, or the code of an error that passes */
  async #untilDone<T>(
    request: string,
    subject: string,
    attempt: () => Promise<{ readonly value: T } | number>,
  ): Promise<T> {
    const { clock } = this.#runtime;
    const until = clock.monotonicMs() + this.#options.apiTimeoutMs;
    for (let pause = this.#options.backoffMs; ; pause = Math.min(1000, 2 * pause)) {
      this.#signal.throwIfAborted();
      let error: string;
      try {
        const result = await attempt();
        if (typeof result !== "number") return result.value;
        error = errorName(result);
        if (!isPassing(result)) throw this.failed(request, subject, error);
      } catch (thrown) {
        if (!(thrown instanceof NetworkError)) throw thrown;
        if (!this.#wasReached) throw this.#unreachable(thrown);
        error = thrown.message;
        // Another broker may lead now.
        this.#leaders.clear();
      }
      if (clock.monotonicMs() + pause > until) throw this.failed(request, subject, error);
      await clock.sleep(pause, this.#signal);
    }
  }

  #unreachable(error: NetworkError): MillraceError {
    const address = this.#options.servers.map(({ host, port }) => `${host}:${port}`).join(", ");
    return new MillraceError("CANNOT_CONNECT", { address, code: error.code }, { cause: error });
  }

  async #leader(partition: TopicPartition): Promise<BrokerConnection> {
    const key = partitionKey(partition);
    let leader = this.#leaders.get(key);
    if (leader === undefined) {
      await this.topics([partition.topic]);
      leader = this.#leaders.get(key);
    }
    if (leader === undefined) throw new NetworkError("EHOSTUNREACH", `the leader of ${key}`);
    return this.#connect(leader);
  }

  /** One of the brokers that are known: those of the option first. */
  async #anyBroker(): Promise<BrokerConnection> {
    const known = new Map<string, { readonly host: string; readonly port: number }>();
    for (const each of [...this.#options.servers, ...this.#brokers]) known.set(`${each.host}:${each.port}`, each);
    let failure: unknown;
    for (const each of known.values()) {
      try {
        return await this.#connect(each);
      } catch (error) {
        if (!(error instanceof NetworkError)) throw error;
        failure = error;
      }
    }
    throw failure;
  }

  async #connect({ host, port }: { readonly host: string; readonly port: number }): Promise<BrokerConnection> {
    const address = `${host}:${port}`;
    const known = this.#connections.get(address);
    if (known !== undefined) {
      const connection = await known.catch(() => undefined);
      if (connection?.isOpen === true) return connection;
      if (this.#connections.get(address) === known) this.#connections.delete(address);
      return this.#connect({ host, port });
    }
    const opening = BrokerConnection.open(this.#runtime, host, port, this.#options.requestTimeoutMs, this.#signal);
    this.#connections.set(address, opening);
    try {
      const connection = await opening;
      this.#wasReached = true;
      return connection;
    } catch (error) {
      if (this.#connections.get(address) === opening) this.#connections.delete(address);
      throw error;
    }
  }

  async #send<Request, Response>(
    broker: BrokerConnection,
    api: Api<Request, Response>,
    request: Request,
  ): Promise<Response> {
    if (!broker.understands(api)) {
      const error = `the broker does not speak version ${api.version} of it; Kafka 3.1 or newer is needed`;
      throw this.failed(api.name, broker.address, error);
    }
    return broker.send(api, request, this.#options.requestTimeoutMs, this.#signal);
  }
}
