/**
 * A file-to-file query that goes from Millrace to Spark and back over one checkpoint: the same query id, contiguous batches,
 * nothing lost and nothing twice, whoever reads the output.
 */
import { describe, expect, test } from "vitest";
import { type Canonical, normalized } from "./spark/canonical.ts";
import { useEngines } from "./spark/engines.ts";
import type { ReadPlan, Step } from "./spark/plans.ts";
import type { Failure, StreamRun, Table } from "./spark/spark-engine.ts";
import { Workplace } from "./spark/workplace.ts";

const engines = await useEngines();

type Name = "Millrace" | "Spark";
const orders: readonly (readonly Name[])[] = [
  ["Millrace", "Spark", "Millrace", "Spark"],
  ["Spark", "Millrace", "Spark", "Millrace"],
];

interface Copy {
  readonly input: Omit<ReadPlan, "path">;
  readonly steps: readonly Step[];
  /** Schema of the output, for reading it back. */
  readonly written: string;
  /** The text of an input file with these numbers in it. */
  text(numbers: readonly number[]): string;
  /** The rows of the output for one of the numbers. */
  row(number: number): readonly Canonical[];
}

const copies: Readonly<Record<"json" | "csv" | "text", Copy>> = {
  json: {
    input: {
      format: "json",
      schema: "id INT, name STRING, at TIMESTAMP, tags ARRAY<STRING>, price DECIMAL(10,2), x DOUBLE",
    },
    steps: [["select", "id", "concat(name, '!') AS name", "at", "tags", "price", "x / 4 AS x", "struct(id AS n) AS s"]],
    written: "id INT, name STRING, at TIMESTAMP, tags ARRAY<STRING>, price DECIMAL(10,2), x DOUBLE, s STRUCT<n: INT>",
    text: (numbers) =>
      numbers
        .map((n) =>
          JSON.stringify({
            x: n,
            id: n,
            name: `ü"${n}`,
            at: "2024-02-29T12:00:00.123Z",
            tags: ["a", null],
            price: n / 4,
          }),
        )
        .join("\n"),
    row: (n) => [
      `${n}`,
      `ü"${n}!`,
      "1709208000123000",
      ["a", null],
      (n / 4).toFixed(2),
      { double: String(n / 4) },
      [`${n}`],
    ],
  },
  csv: {
    input: { format: "csv", schema: "id INT, name STRING, empty STRING", options: { header: "true" } },
    steps: [["select", "id", "upper(name) AS name", "empty"]],
    written: "id INT, name STRING, empty STRING",
    text: (numbers) => `id,name,empty\n${numbers.map((n) => `${n},"a,\\"b\\" ${n}",\n`).join("")}`,
    row: (n) => [`${n}`, `A,"B" ${n}`, null],
  },
  text: {
    input: { format: "text" },
    steps: [["select", "concat(value, ' ', length(value)) AS value"]],
    written: "value STRING",
    text: (numbers) => numbers.map((n) => `é${n}\n`).join(""),
    row: (n) => [`é${n} ${1 + String(n).length}`],
  },
};

function sorted(rows: Table["rows"]): string[] {
  return rows.map((row) => JSON.stringify(row.map(normalized))).sort();
}
function rowsOf(table: Table | Failure): Table["rows"] {
  if ("error" in table) throw new Error(table.message);
  return table.rows;
}

/** The query at work: one engine after another on one checkpoint. */
class Relay implements Disposable {
  readonly place: Workplace = new Workplace();
  readonly #format: keyof typeof copies;
  readonly #options: Readonly<Record<string, string>>;
  readonly #numbers: number[] = [];
  #id: string | undefined;
  #nextBatch = 0;

  constructor(format: keyof typeof copies, options: Readonly<Record<string, string>> = {}) {
    this.#format = format;
    this.#options = options;
  }
  get #copy(): Copy {
    return copies[this.#format];
  }

  /** Adds an input file with the next `count` numbers. */
  put(name: string, count = 2): void {
    const numbers = Array.from({ length: count }, (_, i) => this.#numbers.length + i);
    this.#numbers.push(...numbers);
    this.place.put(name, this.#copy.text(numbers));
  }

  /** Lets an engine process what is there, and checks that it went on where the last one stopped. */
  async run(name: Name, expectedBatches: number): Promise<StreamRun> {
    const { input, steps } = this.#copy;
    const run = await engines[name].stream({
      plan: { read: { ...input, path: this.place.input, options: { ...input.options, ...this.#options } }, steps },
      checkpoint: this.place.checkpoint,
      format: this.#format,
      path: this.place.output,
      ...(input.options === undefined ? {} : { options: input.options }),
    });
    expect(run.error).toBeUndefined();
    const end = this.#nextBatch + expectedBatches;
    // An idle trigger reports the batch that would be next.
    const batches = run.progress.map((p) => p.batchId).filter((batchId) => batchId < end);
    expect(batches).toEqual(Array.from({ length: expectedBatches }, (_, i) => this.#nextBatch + i));
    this.#nextBatch = end;
    expect(this.place.files("checkpoint/commits")).toContain(`${end - 1}`);
    expect(this.place.files("checkpoint/commits")).not.toContain(`${end}`);
    this.#id ??= run.id;
    expect(run.id).toBe(this.#id);
    expect(await this.place.findings()).toEqual([]);
    return run;
  }
  /** The last batch is to be run again. */
  uncommitLast(how: { readonly sink: boolean }): void {
    this.#nextBatch--;
    this.place.uncommit(this.#nextBatch, how);
  }

  /** Both engines read the output, through its manifest: each number once. */
  async check(): Promise<void> {
    const { input, written, row } = this.#copy;
    const options = input.options ?? {};
    const plan = { read: { format: this.#format, path: this.place.output, schema: written, options } };
    const expected = sorted(this.#numbers.map(row));
    expect(sorted(rowsOf(await engines.Spark.run(plan)))).toEqual(expected);
    expect(sorted(rowsOf(await engines.Millrace.run(plan)))).toEqual(expected);
  }
  [Symbol.dispose](): void {
    this.place[Symbol.dispose]();
  }
}

describe.each(orders.map((order) => [order.join(" → "), order] as const))("%s", (_, order) => {
  test.each([["json"], ["csv"], ["text"]] as const)("%s files", async (format) => {
    using relay = new Relay(format);
    for (const [turn, name] of order.entries()) {
      relay.put(`${turn}-a`);
      relay.put(`${turn}-b`);
      await relay.run(name, 1);
    }
    await relay.check();
  });

  test("several batches a turn, limited by maxFilesPerTrigger", async () => {
    using relay = new Relay("text", { maxFilesPerTrigger: "2" });
    for (const [turn, name] of order.entries()) {
      for (let i = 0; i < 5; i++) relay.put(`${turn}-${i}.txt`);
      await relay.run(name, 3);
    }
    await relay.check();
  });

  test("names that a URI must encode", async () => {
    using relay = new Relay("json");
    const names = [
      "a b.json",
      "100%.json",
      "x%20y.json",
      "日本 é.json",
      "plus+and&.json",
      "hash#.json",
      "a=b.json",
      "t~'!().json",
    ];
    for (const [turn, name] of order.entries()) {
      for (const each of names) relay.put(`${turn} ${each}`, 1);
      await relay.run(name, 1);
    }
    await relay.check();
  });

  test("logs that both have compacted", async () => {
    using relay = new Relay("text", { maxFilesPerTrigger: "1" });
    for (const [turn, name] of order.slice(0, 3).entries()) {
      const count = turn === 2 ? 3 : 12;
      for (let i = 0; i < count; i++) relay.put(`${turn}-${i}.txt`, 1);
      await relay.run(name, count);
    }
    for (const compact of [9, 19]) {
      expect(relay.place.files("checkpoint/sources/0")).toContain(`${compact}.compact`);
      expect(relay.place.files("out/_spark_metadata")).toContain(`${compact}.compact`);
    }
    await relay.check();
  });

  test.each([
    ["before its output was committed", { sink: true }],
    ["after its output was committed", { sink: false }],
  ])("a batch whose writer died %s is done by the next", async (_when, how) => {
    using relay = new Relay("json");
    for (const [turn, name] of order.entries()) {
      relay.put(`${turn}-a`);
      await relay.run(name, turn === 0 ? 1 : 2);
      if (turn < order.length - 1) relay.uncommitLast(how);
    }
    await relay.check();
  });
});
