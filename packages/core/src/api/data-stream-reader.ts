import { MillraceError } from "../errors/index.ts";
import type { SourceProvider } from "../sources/contract.ts";
import type { RowSource } from "../sources/user/row-source.ts";
import type { SchemaLiteral, ValueOptions } from "../types/schema-literal.ts";
import type { Row, Schema, UntypedSchema } from "./column-types.ts";
import { DataFrame } from "./data-frame.ts";
import { defaultRead, readPlan, type ReadSettings } from "./data-frame-reader.ts";
import { type OptionValue, withOptions } from "./option-map.ts";
import { type SchemaInput, type SchemaOf, structTypeOf } from "./read-schema.ts";
import type { SessionContext } from "./session-context.ts";

/**
 * Reads a stream: `spark.readStream.schema({ at: "timestamp", route: "string" }).json("logs/")`. Nothing is read before
 * a query over it starts.
 */
export class DataStreamReader<S extends Schema = UntypedSchema, O extends ValueOptions = {}> {
  readonly #session: SessionContext;
  readonly #settings: ReadSettings;

  constructor(session: SessionContext, settings: ReadSettings = defaultRead) {
    this.#session = session;
    this.#settings = settings;
  }

  /** A registered format (`json`, `csv`, `text`, `tail`, `socket`, `rate`, …), or a source of your own. */
  format(format: string | SourceProvider): DataStreamReader<S, O> {
    return new DataStreamReader<S, O>(this.#session, { ...this.#settings, format });
  }
  /** An option of the format; names are case-insensitive. `.option("maxFilesPerTrigger", 10)` */
  option(name: string, value: OptionValue): DataStreamReader<S, O> {
    return this.options({ [name]: value });
  }
  options(options: Readonly<Record<string, OptionValue>>): DataStreamReader<S, O> {
    const merged = withOptions(this.#settings.options, Object.entries(options));
    return new DataStreamReader<S, O>(this.#session, { ...this.#settings, options: merged });
  }
  /**
   * A name by which checkpoints know the source. Without one it is known by its format and paths. Named sources may be added to a
   * query and removed from it between two runs.
   * @throws MillraceError STREAMING_QUERY_EVOLUTION_ERROR.INVALID_SOURCE_NAME
   */
  name(name: string): DataStreamReader<S, O> {
    if (!/^[A-Za-z0-9_]+$/.test(name)) {
      throw new MillraceError("STREAMING_QUERY_EVOLUTION_ERROR.INVALID_SOURCE_NAME", { sourceName: name });
    }
    return new DataStreamReader<S, O>(this.#session, { ...this.#settings, name });
  }
  /** The columns: a schema literal, which the compiler follows, DDL text, or a StructType. */
  schema<const T extends SchemaInput>(schema: T): DataStreamReader<SchemaOf<T>, O> {
    return new DataStreamReader<SchemaOf<T>, O>(this.#session, { ...this.#settings, schema: structTypeOf(schema) });
  }
  /** The stream of files at a path (a directory or glob), or of a source that needs none. */
  load(...paths: readonly string[]): DataFrame<S, O> {
    return new DataFrame<S, O>(this.#session, readPlan(this.#settings, paths, true));
  }
  /** Files of JSON lines as they appear in a directory. */
  json(path: string): DataFrame<S, O> {
    return this.format("json").load(path);
  }
  /** Parquet files that appear in a directory. */
  parquet(path: string): DataFrame<S, O> {
    return this.format("parquet").load(path);
  }
  csv(path: string): DataFrame<S, O> {
    return this.format("csv").load(path);
  }
  /** Lines of text files as one column `value`. */
  text(path: string): DataFrame<{ readonly value: "string" }, O> {
    return new DataFrame(this.#session, readPlan({ ...this.#settings, format: "text" }, [path], true));
  }
  /** A registered view of a stream. */
  table(name: string): DataFrame<S, O> {
    return new DataFrame<S, O>(this.#session, { kind: "NamedTable", name, streaming: true });
  }
  /**
   * The rows of a source of your own. An async iterable (events of this process, a library's subscription) is the simplest:
   * what was taken from it but not committed when the process dies is lost, since it cannot be read again. A
   * {@link RowSource} with offsets can be; a {@link SourceProvider} gives columns and splits.
   */
  from<const T extends SchemaLiteral>(
    source: AsyncIterable<Row<T, O>> | Iterable<Row<T, O>> | RowSource<Row<T, O>> | SourceProvider,
    schema: T,
  ): DataFrame<T, O> {
    const settings = { ...this.#settings, schema: structTypeOf(schema) };
    const name = "inferSchema" in source ? (source.names[0] ?? "custom") : "custom";
    const plan = { ...readPlan({ ...settings, format: name }, [], true), provider: source };
    return new DataFrame<T, O>(this.#session, plan);
  }
}
