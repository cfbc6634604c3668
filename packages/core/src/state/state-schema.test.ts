import { expect, test } from "vitest";
import { createSimulatedRuntime } from "../runtime/simulated/index.ts";
import { bigintType, field, intType, stringType, structType } from "../types/data-type.ts";
import { checkOperators, readOperatorMetadata, writeOperatorMetadataProgram } from "./operator-metadata.ts";
import { windowSchema } from "./spark-state.test-support.ts";
import {
  checkStateSchema,
  decodeStateSchema,
  encodeStateSchema,
  readStateSchema,
  writeStateSchemaProgram,
} from "./state-schema.ts";

const unhex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "hex"));
const schema = (...fields: Parameters<typeof structType>[0]): ReturnType<typeof structType> => structType(fields);

test("the schema file has the bytes that Spark writes", () => {
  const stored = decodeStateSchema("/schema", unhex(windowSchema));
  expect(stored.key.fields.map((f) => f.name)).toEqual(["window", "value"]);
  expect(Buffer.from(encodeStateSchema(stored)).toString("hex")).toBe(windowSchema);
});

test("a schema beyond the limit of one chunk comes back", async () => {
  const names = Array.from({ length: 2500 }, (_, i) => field(`column ${i} ünï💧 `, intType));
  const wide = { key: structType(names), value: schema(field("n", bigintType)) };
  const { fs } = createSimulatedRuntime(1);
  await fs.apply(writeStateSchemaProgram("/cp/state/0/0", wide, "u"));
  expect(await readStateSchema(fs, "/cp/state/0/0")).toEqual(wide);
  expect(await readStateSchema(fs, "/cp/state/1/0")).toBeNull();
});

test("torn and foreign schema files are named errors", () => {
  const bytes = unhex(windowSchema);
  for (let length = 0; length < bytes.length; length++) {
    expect(() => decodeStateSchema("/schema", bytes.subarray(0, length))).toThrow(/CHECKPOINT_LOG_CORRUPTED/);
  }
  expect(() => decodeStateSchema("/schema", Uint8Array.of(0, 2, 0x76, 0x33))).toThrow(/UNSUPPORTED_LOG_VERSION/);
});

test("names may change and nothing else", () => {
  const stored = { key: schema(field("a", stringType)), value: schema(field("n", bigintType)) };
  checkStateSchema(stored, {
    key: schema(field("b", stringType, false)),
    value: schema(field("m", bigintType, false)),
  });
  expect(() => checkStateSchema(stored, { ...stored, key: schema(field("a", intType)) })).toThrow(
    /STATE_STORE_KEY_SCHEMA_NOT_COMPATIBLE/,
  );
  const value = schema(field("n", bigintType), field("o", bigintType));
  expect(() => checkStateSchema(stored, { ...stored, value })).toThrow(/STATE_STORE_VALUE_SCHEMA_NOT_COMPATIBLE/);
});

test("operator metadata has Spark's bytes and catches a changed operator", async () => {
  const { fs } = createSimulatedRuntime(1);
  const dedupe = {
    operatorId: 0,
    operatorName: "dedupe",
    stores: [{ storeName: "default", numColsPrefixKey: 0, numPartitions: 2 }],
  };
  expect(await readOperatorMetadata(fs, "/cp")).toEqual([]);
  await fs.apply(writeOperatorMetadataProgram("/cp", dedupe, "u"));
  expect(new TextDecoder().decode(await fs.readFile("/cp/state/0/_metadata/metadata"))).toBe(
    'v1\n{"operatorInfo":{"operatorId":0,"operatorName":"dedupe"},"stateStoreInfo":[{"storeName":"default","numColsPrefixKey":0,"numPartitions":2}]}',
  );
  const stored = await readOperatorMetadata(fs, "/cp");
  expect(stored).toEqual([dedupe]);
  checkOperators(stored, [dedupe]);
  expect(() => checkOperators(stored, [{ operatorId: 0, operatorName: "stateStoreSave" }])).toThrow(
    /STREAMING_STATEFUL_OPERATOR_NOT_MATCH_IN_STATE_METADATA.*OperatorId: 0 -> OperatorName: dedupe/,
  );
  expect(() => checkOperators(stored, [])).toThrow(/STREAMING_STATEFUL_OPERATOR_NOT_MATCH/);
});
