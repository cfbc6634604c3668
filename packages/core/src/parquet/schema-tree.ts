/** The schema of a file as a tree with definition and repetition levels, and the SQL types of it, as Spark has them. */
import { ParquetFormatError } from "./format-error.ts";
import {
  convertedType,
  physicalType,
  physicalTypeNames,
  repetition,
  type LogicalType,
  type SchemaElement,
} from "./metadata.ts";

export interface ParquetNode {
  readonly name: string;
  readonly element: SchemaElement;
  readonly logical: LogicalType | undefined;
  readonly repetition: number;
  /** Levels at which a value of the node is there. */
  readonly definition: number;
  readonly repetitionLevel: number;
  readonly path: readonly string[];
  /** Null for a column. */
  readonly children: readonly ParquetNode[] | null;
  /** Ordinal of the column; −1 for a group. */
  readonly column: number;
}

const deepest = 100;

/** @throws ParquetFormatError for a list of elements that is no tree */
export function schemaTree(elements: readonly SchemaElement[]): ParquetNode {
  let next = 0;
  let columns = 0;
  const build = (path: readonly string[], definition: number, repetitionLevel: number, depth: number): ParquetNode => {
    const element = elements[next++];
    if (element === undefined) throw new ParquetFormatError("the schema is incomplete");
    if (depth > deepest) throw new ParquetFormatError("the schema is nested too deeply");
    const root = depth === 0;
    const own = root ? repetition.required : (element.repetition ?? repetition.required);
    const below = root ? [] : [...path, element.name];
    const levels = {
      definition: definition + (own === repetition.required ? 0 : 1),
      repetitionLevel: repetitionLevel + (own === repetition.repeated ? 1 : 0),
    };
    const isGroup = root || element.type === undefined || (element.children ?? 0) > 0;
    if (isGroup && (element.children ?? 0) > elements.length) throw new ParquetFormatError("the schema is incomplete");
    const node = { name: element.name, element, logical: logicalOf(element), repetition: own, ...levels, path: below };
    if (!isGroup) {
      if (!(element.type! in physicalTypeNames)) throw new ParquetFormatError(`type ${element.type} is unknown`);
      return { ...node, children: null, column: columns++ };
    }
    const children: ParquetNode[] = [];
    for (let i = 0; i < (element.children ?? 0); i++) {
      children.push(build(below, levels.definition, levels.repetitionLevel, depth + 1));
    }
    return { ...node, children, column: -1 };
  };
  return build([], 0, 0, 0);
}

const convertedLogical: ReadonlyMap<number, LogicalType> = new Map<number, LogicalType>([
  [convertedType.utf8, { kind: "string" }],
  [convertedType.map, { kind: "map" }],
  [convertedType.mapKeyValue, { kind: "map" }],
  [convertedType.list, { kind: "list" }],
  [convertedType.enum, { kind: "enum" }],
  [convertedType.date, { kind: "date" }],
  [convertedType.timeMillis, { kind: "time", utc: true, unit: "millis" }],
  [convertedType.timeMicros, { kind: "time", utc: true, unit: "micros" }],
  [convertedType.timestampMillis, { kind: "timestamp", utc: true, unit: "millis" }],
  [convertedType.timestampMicros, { kind: "timestamp", utc: true, unit: "micros" }],
  [convertedType.uint8, { kind: "integer", bits: 8, signed: false }],
  [convertedType.uint16, { kind: "integer", bits: 16, signed: false }],
  [convertedType.uint32, { kind: "integer", bits: 32, signed: false }],
  [convertedType.uint64, { kind: "integer", bits: 64, signed: false }],
  [convertedType.int8, { kind: "integer", bits: 8, signed: true }],
  [convertedType.int16, { kind: "integer", bits: 16, signed: true }],
  [convertedType.int32, { kind: "integer", bits: 32, signed: true }],
  [convertedType.int64, { kind: "integer", bits: 64, signed: true }],
  [convertedType.json, { kind: "json" }],
  [convertedType.bson, { kind: "bson" }],
  [convertedType.interval, { kind: "interval" }],
]);

/** The logical type; from the older annotation where a file has only that. */
function logicalOf(element: SchemaElement): LogicalType | undefined {
  const logical = element.logicalType;
  if (logical !== undefined && logical.kind !== "unknown") return logical;
  if (element.convertedType === undefined) return undefined;
  if (element.convertedType === convertedType.decimal) {
    return { kind: "decimal", scale: element.scale ?? 0, precision: element.precision ?? 0 };
  }
  return convertedLogical.get(element.convertedType);
}

/** The node that holds the elements of a list, and whether each element may be null; undefined for another group. */
export function listElement(
  node: ParquetNode,
): { readonly repeated: ParquetNode; readonly element: ParquetNode } | undefined {
  const repeated = node.children?.[0];
  if (node.logical?.kind !== "list" || node.children?.length !== 1 || repeated?.repetition !== repetition.repeated) {
    return undefined;
  }
  const inner = repeated.children;
  // Two levels: the repeated node is the element itself (the format's rules for files of older writers).
  const two =
    inner === null || inner.length !== 1 || repeated.name === "array" || repeated.name === `${node.name}_tuple`;
  return { repeated, element: two ? repeated : inner[0]! };
}

/** The nodes of a map's entries; undefined for another group. */
export function mapEntries(
  node: ParquetNode,
): { readonly repeated: ParquetNode; readonly key: ParquetNode; readonly value: ParquetNode } | undefined {
  const repeated = node.children?.[0];
  if (node.logical?.kind !== "map" || node.children?.length !== 1 || repeated?.repetition !== repetition.repeated) {
    return undefined;
  }
  if (repeated.children?.length !== 2) return undefined;
  return { repeated, key: repeated.children[0]!, value: repeated.children[1]! };
}

/** The type of a column as Parquet's tools print it: `INT32 (DECIMAL(9,2))`. */
export function describeNode(node: ParquetNode): string {
  if (node.children !== null) return "group";
  const { type, typeLength } = node.element;
  const name = physicalTypeNames[type!]! + (type === physicalType.fixed ? `(${typeLength ?? 0})` : "");
  const logical = node.logical;
  if (logical === undefined) return name;
  switch (logical.kind) {
    case "decimal":
      return `${name} (DECIMAL(${logical.precision},${logical.scale}))`;
    case "integer":
      return `${name} (INTEGER(${logical.bits},${logical.signed}))`;
    case "time":
    case "timestamp":
      return `${name} (${logical.kind.toUpperCase()}(${logical.unit.toUpperCase()},${logical.utc}))`;
    default:
      return `${name} (${logical.kind.toUpperCase()})`;
  }
}
