import {
  arrayType,
  bigintType,
  binaryType,
  field,
  intType,
  stringType,
  type StructType,
  structType,
  timestampType,
} from "millrace/engine";

const columns = [
  field("key", binaryType),
  field("value", binaryType),
  field("topic", stringType),
  field("partition", intType),
  field("offset", bigintType),
  field("timestamp", timestampType),
  field("timestampType", intType),
];

const headers = field("headers", arrayType(structType([field("key", stringType), field("value", binaryType)])));

/** The columns of a topic: Spark's. */
export function kafkaSchema(includeHeaders: boolean): StructType {
  return structType(includeHeaders ? [...columns, headers] : columns);
}
