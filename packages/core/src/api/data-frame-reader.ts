import type { OptionMap, Read } from "../logical-plan/logical-plan.ts";
import type { SourceProvider } from "../sources/contract.ts";
import type { StructType } from "../types/data-type.ts";
import type { ValueOptions } from "../types/schema-literal.ts";
import type { Schema, UntypedSchema } from "./column-types.ts";
import { DataFrame } from "./data-frame.ts";
import { type OptionValue, withOptions } from "./option-map.ts";
import { type SchemaInput, type SchemaOf, structTypeOf } from "./read-schema.ts";
import type { SessionContext } from "./session-context.ts";

/** Settings of a read, collected call by call. */
export interface ReadSettings {
  readonly format: string | SourceProvider;
  readonly options: OptionMap;
  readonly schema?: StructType;
  /** Of a stream's source. */
  readonly name?: string;
}
export const defaultRead: ReadSettings = { format: "json", options: new Map() };

/** The plan of a read. */
export function readPlan(settings: ReadSettings, paths: readonly string[], streaming: boolean): Read {
  const { format, options, schema, name } = settings;
  return {
    kind: "Read",
    format: typeof format === "string" ? format.toLowerCase() : (format.names[0] ?? "custom"),
    options,
    paths,
    streaming,
    ...(schema === undefined ? {} : { schema }),
    ...(name === undefined ? {} : { name }),
    ...(typeof format === "string" ? {} : { provider: format }),
  };
}

/**
 * Reads finite data: `spark.read.schema({ id: "bigint", name: "string" }).json("data/")`. Without a schema the source takes
 * one from the data when the query runs, and the compiler knows no columns.
 */
export class DataFrameReader<S extends Schema = UntypedSchema, O extends ValueOptions = {}> {
  readonly #session: SessionContext;
  readonly #settings: ReadSettings;

  constructor(session: SessionContext, settings: ReadSettings = defaultRead) {
    this.#session = session;
    this.#settings = settings;
  }

  /** A registered format (`json`, `csv`, `text`, `rate`, …), or a source of your own. */
  format(format: string | SourceProvider): DataFrameReader<S, O> {
    return new DataFrameReader<S, O>(this.#session, { ...this.#settings, format });
  }
  /** An option of the format; names are case-insensitive. */
  option(name: string, value: OptionValue): DataFrameReader<S, O> {
    return this.options({ [name]: value });
  }
  options(options: Readonly<Record<string, OptionValue>>): DataFrameReader<S, O> {
    const merged = withOptions(this.#settings.options, Object.entries(options));
    return new DataFrameReader<S, O>(this.#session, { ...this.#settings, options: merged });
  }
  /** The columns: a schema literal, which the compiler follows, DDL text, or a StructType. */
  schema<const T extends SchemaInput>(schema: T): DataFrameReader<SchemaOf<T>, O> {
    return new DataFrameReader<SchemaOf<T>, O>(this.#session, { ...this.#settings, schema: structTypeOf(schema) });
  }
  /** The data at paths (files, directories, globs), or of a source that needs none. */
  load(...paths: readonly string[]): DataFrame<S, O> {
    return new DataFrame<S, O>(this.#session, readPlan(this.#settings, paths, false));
  }
  /** JSON lines. */
  json(...paths: readonly string[]): DataFrame<S, O> {
    return this.format("json").load(...paths);
  }
  csv(...paths: readonly string[]): DataFrame<S, O> {
    return this.format("csv").load(...paths);
  }
  /** Parquet files; their schema is in the files. */
  parquet(...paths: readonly string[]): DataFrame<S, O> {
    return this.format("parquet").load(...paths);
  }
  /** Lines of text as one column `value`. */
  text(...paths: readonly string[]): DataFrame<{ readonly value: "string" }, O> {
    return new DataFrame(this.#session, readPlan({ ...this.#settings, format: "text" }, paths, false));
  }
  /** A registered view or the table of a memory sink. */
  table(name: string): DataFrame<S, O> {
    return new DataFrame<S, O>(this.#session, { kind: "NamedTable", name, streaming: false });
  }
}
