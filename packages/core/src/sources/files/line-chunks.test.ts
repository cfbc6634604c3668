import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeUtf8 } from "../../columnar/utf8.ts";
import type { ByteInput } from "./byte-input.ts";
import { lineChunks, type LineChunkOptions } from "./line-chunks.ts";

/** Bytes from `from` on, at most `step` a read. */
function memoryInput(bytes: Uint8Array, from: number, step: number): ByteInput {
  let position = from;
  return {
    async read(target, offset, length) {
      const size = Math.min(step, length, bytes.length - position);
      target.set(bytes.subarray(position, position + size), offset);
      position += size;
      return size;
    },
    async close() {},
  };
}

async function pieces(text: string, options: Partial<LineChunkOptions>, step: number): Promise<[number, string][]> {
  const bytes = encodeUtf8(text);
  const result: [number, string][] = [];
  const from = Math.max(0, (options.from ?? 0) - 1);
  for await (const chunk of lineChunks(memoryInput(bytes, from, step), { maxRecordBytes: 1000, ...options })) {
    const content = new TextDecoder().decode(chunk.bytes.subarray(chunk.start, chunk.end));
    result.push([chunk.offset, chunk.oversized > 0 ? `<${chunk.oversized}>` : content]);
  }
  return result;
}

const lines = fc
  .array(
    fc.tuple(
      fc.string({ maxLength: 12 }).map((s) => s.replaceAll(/[\r\n]/g, "")),
      fc.constantFrom("\n", "\n", "\r\n", "\r"),
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.map(([line, end]) => line + end).join(""));

test("chunks are the text, cut at line ends, whatever the size of buffer and reads", async () => {
  await fc.assert(
    fc.asyncProperty(
      lines,
      fc.boolean(),
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 9 }),
      async (body, open, chunkBytes, step) => {
        const text = open ? `${body}last` : body;
        const chunks = await pieces(text, { chunkBytes }, step);
        expect(chunks.map(([, content]) => content).join("")).toBe(text);
        let offset = 0;
        for (const [at, content] of chunks) {
          expect(at).toBe(offset);
          offset += encodeUtf8(content).length;
          expect(offset === encodeUtf8(text).length || /[\r\n]$/.test(content)).toBe(true);
          // A CR and its LF stay together.
          expect(content.endsWith("\r") && encodeUtf8(text)[offset] === 10).toBe(false);
        }
      },
    ),
  );
});

test("ranges of a file share out its lines, each line in the range where it begins", async () => {
  await fc.assert(
    fc.asyncProperty(
      lines,
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 30 }),
      fc.integer({ min: 1, max: 9 }),
      async (text, part, chunkBytes, step) => {
        const size = encodeUtf8(text).length;
        let joined = "";
        for (let from = 0; from < size; from += part) {
          for (const [, content] of await pieces(text, { from, to: Math.min(size, from + part), chunkBytes }, step))
            joined += content;
        }
        expect(joined).toBe(text);
      },
    ),
    { numRuns: 300 },
  );
});

test("another separator cuts lines, also one that overlaps with itself", async () => {
  for (const step of [1, 2, 100]) {
    for (const chunkBytes of [1, 5, 64]) {
      const chunks = await pieces("a||b|||c\n||d", { separator: encodeUtf8("||"), chunkBytes }, step);
      expect(chunks.map(([, content]) => content).join("")).toBe("a||b|||c\n||d");
      for (const [, content] of chunks.slice(0, -1)) expect(content.endsWith("||")).toBe(true);
    }
  }
});

test("a line over the limit is told with place and length, and passed over", async () => {
  const long = "x".repeat(5000);
  for (const [step, chunkBytes] of [
    [7, 16],
    [4096, 64],
    [10_000, 3000],
  ] as const) {
    expect(await pieces(`ab\n${long}\ncd\n`, { chunkBytes, maxRecordBytes: 100 }, step)).toSatisfy(
      (chunks: [number, string][]) => {
        const texts = chunks.map(([, content]) => content).join("");
        return texts === "ab\n<5000>cd\n" && chunks.find(([, c]) => c.startsWith("<"))![0] === 3;
      },
    );
    expect((await pieces(`ab\n${long}`, { chunkBytes, maxRecordBytes: 100 }, step)).at(-1)).toEqual([3, "<5000>"]);
  }
});

test("what a consumer keeps is not overwritten", async () => {
  const text = Array.from({ length: 50 }, (_, i) => `line ${i}\n`).join("");
  const kept: [Uint8Array, string][] = [];
  for await (const chunk of lineChunks(memoryInput(encodeUtf8(text), 0, 100), {
    maxRecordBytes: 100,
    chunkBytes: 32,
  })) {
    chunk.retain();
    const view = chunk.bytes.subarray(chunk.start, chunk.end);
    kept.push([view, new TextDecoder().decode(view)]);
  }
  expect(kept.length).toBeGreaterThan(5);
  for (const [view, content] of kept) expect(new TextDecoder().decode(view)).toBe(content);
});
