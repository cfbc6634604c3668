import * as fc from "fast-check";
import { expect, test } from "vitest";
import { isMillraceError } from "../errors/index.ts";
import {
  arrayType,
  bigintType,
  type DataType,
  dayTimeIntervalType,
  field,
  intType,
  mapType,
  stringType,
  structType,
  timestampType,
  timeType,
  yearMonthIntervalType,
} from "../types/data-type.ts";
import { arbitraryBatch } from "./arbitraries.test-support.ts";
import { fromArrowIpc, toArrowIpc } from "./arrow-ipc.ts";
import { batchFromValues, valuesOfBatch } from "./batch-from-values.ts";
import { sliceBatch } from "./gather.ts";
import type { BytesVector, Int64Vector } from "./vector.ts";

/** Arrow does not tell the fields of an interval, and of a time only that it has nanoseconds. */
function asArrowKeeps(type: DataType): DataType {
  switch (type.kind) {
    case "interval_day_time":
      return dayTimeIntervalType;
    case "interval_year_month":
      return yearMonthIntervalType;
    case "time":
      return timeType(9);
    case "array":
      return arrayType(asArrowKeeps(type.element), type.containsNull);
    case "map":
      return mapType(asArrowKeeps(type.key), asArrowKeeps(type.value), type.valueContainsNull);
    case "struct":
      return structType(type.fields.map((f) => field(f.name, asArrowKeeps(f.type), f.nullable)));
    default:
      return type;
  }
}

test("any batch, whole or cut, survives the way through an IPC stream, whatever the alignment of the bytes", async () => {
  await fc.assert(
    fc.asyncProperty(arbitraryBatch(undefined, 40), fc.nat(40), fc.nat(9), async (batch, cut, shift) => {
      const at = Math.min(cut, batch.length);
      const parts = [sliceBatch(batch, 0, at), sliceBatch(batch, at, batch.length)];
      const stream = await toArrowIpc(batch.schema, parts);
      const shifted = new Uint8Array(stream.length + shift).subarray(shift);
      shifted.set(stream);
      const { schema, batches } = await fromArrowIpc(shifted);
      expect(schema).toEqual(asArrowKeeps(batch.schema));
      expect(batches.flatMap(valuesOfBatch)).toEqual(valuesOfBatch(batch));
    }),
  );
});

test("a stream without batches keeps its schema", async () => {
  const schema = structType([field("a", intType, false)]);
  const { schema: read, batches } = await fromArrowIpc(await toArrowIpc(schema, []));
  expect(read).toEqual(schema);
  expect(batches.flatMap(valuesOfBatch)).toEqual([]);
});

test("reading does not copy the columns", async () => {
  const schema = structType([field("a", bigintType), field("s", stringType)]);
  const bytes = await toArrowIpc(schema, [batchFromValues(schema, [[1n, "x"]])]);
  const aligned = new Uint8Array(bytes);
  const { batches } = await fromArrowIpc(aligned);
  expect((batches[0]!.columns[0] as Int64Vector).values.buffer).toBe(aligned.buffer);
  expect((batches[0]!.columns[1] as BytesVector).bytes.buffer).toBe(aligned.buffer);
});

test("foreign types are converted: other units, dictionaries, unsigned integers", async () => {
  const arrow = await import("apache-arrow");
  const table = new arrow.Table({
    ms: arrow.vectorFromArray([new Date(5), null], new arrow.TimestampMillisecond("UTC")),
    color: arrow.vectorFromArray(["red", null], new arrow.Dictionary(new arrow.Utf8(), new arrow.Int8())),
    u: arrow.vectorFromArray([4_294_967_295, 0], new arrow.Uint32()),
    large: arrow.vectorFromArray(["x", "yz"], new arrow.LargeUtf8()),
  });
  const { schema, batches } = await fromArrowIpc(arrow.tableToIPC(table, "stream"));
  expect(schema.fields.map((f) => f.type)).toEqual([timestampType, stringType, bigintType, stringType]);
  expect(batches.flatMap(valuesOfBatch)).toEqual([
    [5000n, "red", 4_294_967_295n, "x"],
    [null, null, 0n, "yz"],
  ]);
});

test("bytes that are no stream, and types that SQL does not have, are refused by name", async () => {
  const arrow = await import("apache-arrow");
  const halves = arrow.tableToIPC(new arrow.Table({ h: arrow.vectorFromArray([1], new arrow.Float16()) }), "stream");
  const refused = async (bytes: Uint8Array): Promise<string> => {
    try {
      await fromArrowIpc(bytes);
    } catch (error) {
      if (isMillraceError(error)) return error.errorClass;
      throw error;
    }
    return "none";
  };
  expect(await refused(halves)).toBe("UNSUPPORTED_ARROWTYPE");
  expect(await refused(new Uint8Array(0))).toBe("INVALID_ARROW_IPC");
  expect(await refused(new TextEncoder().encode("this is no stream at all"))).toBe("INVALID_ARROW_IPC");
});
