/** State files that Spark 4.3.0 wrote on this format's test queries, as hexadecimal text; only tests use them. */

/** `groupBy` on one column of every type, one row: partition 1, version 1. */
export const allTypesDelta: string =
  "4c5a34426c6f636b25fd010000cc030000d905ed06710000021802400001005101000000c80a000202000010000002000408" +
  "0020fbff0e003000002a050043000000ff0100410000c03f1100010200c1024003000000d0000000464d1100a2001466aa7c" +
  "841206007b0f00630009000000d80c00c0e800000020000000f800000087009018010000280000005875005246f6d5150010" +
  "000002000028001380200050a001000018b000c001000038000000e001000079250000020020ff100600a100ff54ab567314" +
  "e0f52e0e000e020000a8000002001002050007e800041800040800082000009c0004020000c8005330000000781100147901" +
  "000310001304080000cb0000020000080000c4000402000438000460000408000428010402000418000408000c4800130529" +
  "000fb000010002000438000408000038010888000050000802000610002401a8180004140004fc0102020024454018000008" +
  "0000f401020200240240c40000180000ec0100080006020013f03002047a02024801ace00000005000000010013000032800" +
  "29c05e700000020004900004600000a0012260019c011388080014981d0016002402052c02030200001001003602072b0001" +
  "020000100000300104300000f001000200044c01040200002800004400001800008400136b1900136b090000180000020004" +
  "080004b8000402000064000f8000010428000ccc020b10005000ffffffff4c5a34426c6f636b150000000000000000000000" +
  "00";

/** Count per 10-second window and text "x" and "y" under a watermark: partition 1, version 1. */
export const windowDelta: string =
  "4c5a34426c6f636b2553000000a400000053ca7c0d5300000038000100131804005301000000301400000200b180ce427c84" +
  "1206000065db080010781500020200121007003000000205000202000f50001e127938000002000550000084008000000000" +
  "ffffffff4c5a34426c6f636b15000000000000000000000000";

/** A version that changed nothing. */
export const emptyDelta: string =
  "4c5a34426c6f636b150400000004000000db804d08ffffffff4c5a34426c6f636b15000000000000000000000000";

/** `dropDuplicates` on the text "x": partition 0, version 1. */
export const dedupDelta: string =
  "4c5a34426c6f636b252300000034000000036a14065300000018000100930100000010000000781000000f00001400070200" +
  "5000ffffffff4c5a34426c6f636b15000000000000000000000000";

/** State schema of the window count. */
export const windowSchema: string =
  "000276320000000101677b2274797065223a22737472756374222c226669656c6473223a5b7b226e616d65223a2277696e64" +
  "6f77222c2274797065223a7b2274797065223a22737472756374222c226669656c6473223a5b7b226e616d65223a22737461" +
  "7274222c2274797065223a2274696d657374616d70222c226e756c6c61626c65223a747275652c226d65746164617461223a" +
  "7b7d7d2c7b226e616d65223a22656e64222c2274797065223a2274696d657374616d70222c226e756c6c61626c65223a7472" +
  "75652c226d65746164617461223a7b7d7d5d7d2c226e756c6c61626c65223a747275652c226d65746164617461223a7b2273" +
  "7061726b2e74696d6557696e646f77223a747275652c22737061726b2e77617465726d61726b44656c61794d73223a313030" +
  "30307d7d2c7b226e616d65223a2276616c7565222c2274797065223a22737472696e67222c226e756c6c61626c65223a7472" +
  "75652c226d65746164617461223a7b7d7d5d7d0000000100597b2274797065223a22737472756374222c226669656c647322" +
  "3a5b7b226e616d65223a22636f756e74222c2274797065223a226c6f6e67222c226e756c6c61626c65223a747275652c226d" +
  "65746164617461223a7b7d7d5d7d";

/** Key schema of {@link allTypesDelta} as Spark recorded it. */
export const allTypesKeySchema: string = JSON.stringify({
  type: "struct",
  fields: [
    { name: "value", type: "string", nullable: true, metadata: {} },
    { name: "n", type: "integer", nullable: true, metadata: {} },
    { name: "b", type: "boolean", nullable: true, metadata: {} },
    { name: "t", type: "byte", nullable: true, metadata: {} },
    { name: "s", type: "short", nullable: true, metadata: {} },
    { name: "i", type: "integer", nullable: true, metadata: {} },
    { name: "l", type: "long", nullable: true, metadata: {} },
    { name: "f", type: "float", nullable: true, metadata: {} },
    { name: "d", type: "double", nullable: true, metadata: {} },
    { name: "bin", type: "binary", nullable: true, metadata: {} },
    { name: "dt", type: "date", nullable: true, metadata: {} },
    { name: "ts", type: "timestamp", nullable: true, metadata: {} },
    { name: "d3", type: "decimal(3,2)", nullable: true, metadata: {} },
    { name: "d38", type: "decimal(38,2)", nullable: true, metadata: {} },
    { name: "d38n", type: "decimal(38,2)", nullable: true, metadata: {} },
    { name: "ai", type: { type: "array", elementType: "integer", containsNull: true }, nullable: true, metadata: {} },
    { name: "as_", type: { type: "array", elementType: "string", containsNull: true }, nullable: true, metadata: {} },
    {
      name: "st",
      type: {
        type: "struct",
        fields: [
          { name: "a", type: "integer", nullable: true, metadata: {} },
          { name: "b", type: "string", nullable: true, metadata: {} },
          { name: "c", type: "string", nullable: true, metadata: {} },
        ],
      },
      nullable: true,
      metadata: {},
    },
    { name: "ids", type: "interval day to second", nullable: true, metadata: {} },
    { name: "iym", type: "interval year to month", nullable: true, metadata: {} },
    {
      name: "adec",
      type: { type: "array", elementType: "decimal(3,2)", containsNull: true },
      nullable: true,
      metadata: {},
    },
    {
      name: "adec38",
      type: { type: "array", elementType: "decimal(38,0)", containsNull: true },
      nullable: true,
      metadata: {},
    },
    { name: "ab", type: { type: "array", elementType: "boolean", containsNull: true }, nullable: true, metadata: {} },
    {
      name: "aa",
      type: {
        type: "array",
        elementType: { type: "array", elementType: "short", containsNull: true },
        containsNull: true,
      },
      nullable: true,
      metadata: {},
    },
  ],
});

/** Value schema of {@link allTypesDelta}. */
export const allTypesValueSchema: string = JSON.stringify({
  type: "struct",
  fields: [
    { name: "count", type: "long", nullable: true, metadata: {} },
    { name: "sum", type: "long", nullable: true, metadata: {} },
    { name: "sum", type: "double", nullable: true, metadata: {} },
    { name: "count", type: "long", nullable: true, metadata: {} },
    { name: "min", type: "string", nullable: true, metadata: {} },
    { name: "max", type: "double", nullable: true, metadata: {} },
    { name: "sum", type: "long", nullable: true, metadata: {} },
    { name: "first", type: "string", nullable: true, metadata: {} },
    { name: "valueSet", type: "boolean", nullable: true, metadata: {} },
    { name: "n", type: "double", nullable: true, metadata: {} },
    { name: "avg", type: "double", nullable: true, metadata: {} },
    { name: "m2", type: "double", nullable: true, metadata: {} },
    { name: "buf", type: "binary", nullable: true, metadata: {} },
    {
      name: "first",
      type: { type: "map", keyType: "string", valueType: "integer", valueContainsNull: true },
      nullable: true,
      metadata: {},
    },
    { name: "valueSet", type: "boolean", nullable: true, metadata: {} },
    { name: "sum", type: "double", nullable: true, metadata: {} },
    { name: "sum", type: "double", nullable: true, metadata: {} },
    { name: "count", type: "long", nullable: true, metadata: {} },
    { name: "count", type: "long", nullable: true, metadata: {} },
    { name: "last", type: "integer", nullable: true, metadata: {} },
    { name: "valueSet", type: "boolean", nullable: true, metadata: {} },
    { name: "buf", type: "binary", nullable: true, metadata: {} },
    { name: "max", type: "decimal(38,2)", nullable: true, metadata: {} },
    { name: "sum", type: "decimal(38,2)", nullable: true, metadata: {} },
    { name: "isEmpty", type: "boolean", nullable: true, metadata: {} },
  ],
});
