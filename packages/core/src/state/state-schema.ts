/**
 * `_metadata/schema` of a state store, format v2: Java's `writeUTF("v2")`, then key and value schema, each as the number of
 * chunks (int32) and the chunks of its JSON by `writeUTF`. Version 1 (two plain `writeUTF`) is read too.
 * @see Spark `StateSchemaCompatibilityChecker`, `SchemaHelper`
 */
import { MillraceError } from "../errors/index.ts";
import { atomicWrite, type Durability } from "../runtime/durability.ts";
import { FileSystemError, type FileOperation, type FileSystem } from "../runtime/file-system.ts";
import { type DataType, type StructType, structType } from "../types/data-type.ts";
import { parseSchemaJson, toSchemaJson } from "../types/schema-json.ts";
import { checkSideFiles } from "./side-files.ts";
import { nullBitmapLength } from "./unsafe-row-layout.ts";

export interface StateSchema {
  readonly key: StructType;
  readonly value: StructType;
}

/** Spark counts in characters and allows this many in a chunk. */
const chunkCharacters = 65535;
/** `writeUTF` stores its length in 16 bits, so that a chunk of many non-ASCII characters has to be shorter. */
const chunkBytes = 65535;

/** The schema file of a partition directory; Spark keeps it under partition 0. */
export function stateSchemaPath(partitionDirectory: string): string {
  return `${partitionDirectory}/_metadata/schema`;
}

/** Java's modified UTF-8: as UTF-8, but each half of a surrogate pair for itself and NUL in two bytes. */
function modifiedUtf8(text: string): Uint8Array {
  const bytes: number[] = [];
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 1 && unit < 0x80) bytes.push(unit);
    else if (unit < 0x800) bytes.push(0xc0 | (unit >> 6), 0x80 | (unit & 63));
    else bytes.push(0xe0 | (unit >> 12), 0x80 | ((unit >> 6) & 63), 0x80 | (unit & 63));
  }
  return Uint8Array.from(bytes);
}

function fromModifiedUtf8(bytes: Uint8Array): string | null {
  const units: string[] = [];
  for (let i = 0; i < bytes.length;) {
    const lead = bytes[i]!;
    const size = lead < 0x80 ? 1 : lead >> 5 === 6 ? 2 : lead >> 4 === 14 ? 3 : 0;
    if (size === 0 || i + size > bytes.length) return null;
    let unit = size === 1 ? lead : size === 2 ? lead & 31 : lead & 15;
    for (let k = 1; k < size; k++) unit = (unit << 6) | (bytes[i + k]! & 63);
    units.push(String.fromCharCode(unit));
    i += size;
  }
  return units.join("");
}

/** All nullable and without comments is how Spark records state schemas. */
function asNullable(type: DataType): DataType {
  switch (type.kind) {
    case "array":
      return { ...type, element: asNullable(type.element), containsNull: true };
    case "map":
      return { ...type, key: asNullable(type.key), value: asNullable(type.value), valueContainsNull: true };
    case "struct":
      return nullableStruct(type);
    default:
      return type;
  }
}
function nullableStruct(type: StructType): StructType {
  return { kind: "struct", fields: type.fields.map((f) => ({ ...f, type: asNullable(f.type), nullable: true })) };
}

/** The bytes of a schema file, version 2. */
export function encodeStateSchema(schema: StateSchema): Uint8Array {
  const parts: Uint8Array[] = [];
  const writeUtf = (text: string): void => {
    const bytes = modifiedUtf8(text);
    parts.push(Uint8Array.of(bytes.length >> 8, bytes.length & 255), bytes);
  };
  writeUtf("v2");
  for (const struct of [schema.key, schema.value]) {
    const json = toSchemaJson(nullableStruct(struct));
    const width = modifiedUtf8(json).length > json.length ? Math.floor(chunkBytes / 3) : chunkCharacters;
    const chunks: string[] = [];
    for (let at = 0; at < json.length; at += width) chunks.push(json.slice(at, at + width));
    parts.push(Uint8Array.of(chunks.length >>> 24, chunks.length >>> 16, chunks.length >>> 8, chunks.length));
    for (const chunk of chunks) writeUtf(chunk);
  }
  const result = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}

/**
 * Reads a schema file of version 1 or 2.
 * @throws MillraceError CHECKPOINT_LOG_CORRUPTED, UNSUPPORTED_LOG_VERSION
 */
export function decodeStateSchema(path: string, bytes: Uint8Array): StateSchema {
  const corrupted = (reason: string): MillraceError => new MillraceError("CHECKPOINT_LOG_CORRUPTED", { path, reason });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const take = (length: number): number => {
    if (length < 0 || bytes.length - at < length) throw corrupted("it ends too early");
    at += length;
    return at - length;
  };
  const readUtf = (): string => {
    const length = view.getUint16(take(2));
    const start = take(length);
    const text = fromModifiedUtf8(bytes.subarray(start, start + length));
    if (text === null) throw corrupted("it holds text that is not UTF-8");
    return text;
  };
  const parse = (json: string): StructType => {
    try {
      return parseSchemaJson(json);
    } catch (error) {
      throw corrupted(
        `it holds a schema that cannot be read (${error instanceof Error ? error.message : String(error)})`,
      );
    }
  };
  const head = readUtf();
  let schema: StateSchema;
  if (/^v\d+$/.test(head)) {
    if (head !== "v1" && head !== "v2") {
      throw new MillraceError("UNSUPPORTED_LOG_VERSION", { path, maximum: "2", version: head.slice(1) });
    }
    const readJson = (): string => {
      if (head === "v1") return readUtf();
      const count = view.getInt32(take(4));
      if (count < 0 || count > bytes.length) throw corrupted("its number of chunks makes no sense");
      return Array.from({ length: count }, readUtf).join("");
    };
    schema = { key: parse(readJson()), value: parse(readJson()) };
  } else {
    // Before the version was written: two plain texts.
    schema = { key: parse(head), value: parse(readUtf()) };
  }
  if (at !== bytes.length) throw corrupted("bytes follow its end");
  return schema;
}

/** Whether rows of the stored type can be read as the new one: equal but for names, and nothing becomes non-null. */
function isReadable(stored: DataType, wanted: DataType): boolean {
  if (stored.kind !== wanted.kind) return false;
  switch (stored.kind) {
    case "decimal":
      return wanted.kind === "decimal" && stored.precision === wanted.precision && stored.scale === wanted.scale;
    case "time":
      return wanted.kind === "time" && stored.precision === wanted.precision;
    case "interval_year_month":
    case "interval_day_time":
      return (
        wanted.kind === stored.kind && stored.startField === wanted.startField && stored.endField === wanted.endField
      );
    case "array":
      return (
        wanted.kind === "array" &&
        (wanted.containsNull || !stored.containsNull) &&
        isReadable(stored.element, wanted.element)
      );
    case "map":
      return (
        wanted.kind === "map" &&
        (wanted.valueContainsNull || !stored.valueContainsNull) &&
        isReadable(stored.key, wanted.key) &&
        isReadable(stored.value, wanted.value)
      );
    case "struct":
      return wanted.kind === "struct" && isReadableStruct(stored, wanted);
    default:
      return true;
  }
}
function isReadableStruct(stored: StructType, wanted: StructType): boolean {
  return (
    stored.fields.length === wanted.fields.length &&
    stored.fields.every((f, i) => {
      const other = wanted.fields[i]!;
      return (other.nullable || !f.nullable) && isReadable(f.type, other.type);
    })
  );
}

/** Whether the new fields are the stored ones, by name and type, and behind them others that can be NULL. */
function hasGrown(stored: StructType, wanted: StructType): boolean {
  const count = stored.fields.length;
  const kept = structType(wanted.fields.slice(0, count));
  return (
    wanted.fields.length > count &&
    sameNames(stored, kept) &&
    isReadableStruct(stored, nullableStruct(kept)) &&
    wanted.fields.slice(count).every((f) => f.nullable) &&
    // A wider bitmap of nulls would move all fields.
    nullBitmapLength(count) === nullBitmapLength(wanted.fields.length)
  );
}
function sameNames(stored: StructType, wanted: StructType): boolean {
  return (
    stored.fields.length === wanted.fields.length && stored.fields.every((f, i) => f.name === wanted.fields[i]!.name)
  );
}

function checkEvolution(stored: StateSchema, wanted: StateSchema, evolves: "row" | "value"): "same" | "grown" {
  const part = ({ value }: StateSchema): StructType => {
    const first = value.fields[0]?.type;
    return evolves === "row" || first?.kind !== "struct" ? value : first;
  };
  const same = isReadableStruct(stored.value, nullableStruct(wanted.value));
  if (same && sameNames(part(stored), part(wanted))) return "same";
  const [before, after] = [part(stored), part(wanted)];
  const around = evolves === "row" || stored.value.fields.length === wanted.value.fields.length;
  if (!same && around && hasGrown(before, after)) return "grown";
  throw new MillraceError("STATE_STORE_INVALID_VALUE_SCHEMA_EVOLUTION", {
    oldValueSchema: toSchemaJson(stored.value),
    newValueSchema: toSchemaJson(wanted.value),
  });
}

/**
 * Compares the schema of existing state with that of the query; names do not count, but where fields may be added.
 * @param evolves where fields that can be NULL may be added at the end: of the value, or of its first field
 * @returns whether fields were added
 * @throws MillraceError STATE_STORE_KEY_SCHEMA_NOT_COMPATIBLE, STATE_STORE_VALUE_SCHEMA_NOT_COMPATIBLE,
 * STATE_STORE_INVALID_VALUE_SCHEMA_EVOLUTION
 */
export function checkStateSchema(
  stored: StateSchema,
  wanted: StateSchema,
  evolves?: "row" | "value",
): "same" | "grown" {
  // What the query declares non-null is recorded nullable, so that both sides are compared in the recorded form.
  const key = nullableStruct(wanted.key);
  const value = nullableStruct(wanted.value);
  if (!isReadableStruct(stored.key, key)) {
    throw new MillraceError("STATE_STORE_KEY_SCHEMA_NOT_COMPATIBLE", {
      storedKeySchema: toSchemaJson(stored.key),
      newKeySchema: toSchemaJson(key),
    });
  }
  if (evolves !== undefined) return checkEvolution(stored, wanted, evolves);
  if (!isReadableStruct(stored.value, value)) {
    throw new MillraceError("STATE_STORE_VALUE_SCHEMA_NOT_COMPATIBLE", {
      storedValueSchema: toSchemaJson(stored.value),
      newValueSchema: toSchemaJson(value),
    });
  }
  return "same";
}

/** The schema that a partition directory records, or null when there is none yet. */
export async function readStateSchema(fs: FileSystem, partitionDirectory: string): Promise<StateSchema | null> {
  const path = stateSchemaPath(partitionDirectory);
  let bytes: Uint8Array;
  try {
    bytes = await fs.readFile(path);
  } catch (error) {
    if (error instanceof FileSystemError && error.code === "ENOENT") return null;
    throw error;
  }
  const reason = await checkSideFiles(fs, path, bytes);
  if (reason !== null) throw new MillraceError("CHECKPOINT_LOG_CORRUPTED", { path, reason });
  return decodeStateSchema(path, bytes);
}

/** Writes the schema file of a partition directory. */
export function writeStateSchemaProgram(
  partitionDirectory: string,
  schema: StateSchema,
  unique: string,
  durability: Durability = "fsync",
): FileOperation[] {
  const path = stateSchemaPath(partitionDirectory);
  return [
    { op: "makeDirectory", path: `${partitionDirectory}/_metadata` },
    ...atomicWrite(path, encodeStateSchema(schema), "replace", unique, durability),
  ];
}
