import { expect, test } from "vitest";
import { createSimulatedRuntime } from "../../runtime/simulated/index.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { DirectoryWatches } from "./directory-watches.ts";

function watched(): {
  readonly runtime: ReturnType<typeof createSimulatedRuntime>;
  readonly open: Map<string, () => void>;
  readonly told: number[];
  readonly watches: DirectoryWatches;
  readonly closed: AbortController;
} {
  const runtime = createSimulatedRuntime(1);
  const open = new Map<string, () => void>();
  const told: number[] = [];
  const fs = Object.assign(Object.create(runtime.fs) as Runtime["fs"], {
    watch: (directory: string, changed: () => void) => {
      open.set(directory, changed);
      return () => open.delete(directory);
    },
  });
  const closed = new AbortController();
  const startedAt = runtime.clock.monotonicMs();
  const note = (): void => void told.push(runtime.clock.monotonicMs() - startedAt);
  return { runtime, open, told, closed, watches: new DirectoryWatches({ ...runtime, fs }, closed.signal, note) };
}

test("changes that follow each other are told once, when they are over", async () => {
  const { runtime, open, told, watches } = watched();
  watches.keep(["/in"]);
  for (let i = 0; i < 4; i++) {
    open.get("/in")!();
    await runtime.clock.advance(1);
  }
  expect(told).toEqual([]);
  await runtime.clock.advance(10);
  expect(told).toEqual([5]);
  open.get("/in")!();
  await runtime.clock.advance(10);
  expect(told).toEqual([5, 16]);
});

test("directories that are gone are watched no more, and of many only some", () => {
  const { open, watches } = watched();
  watches.keep(["/a", "/b"]);
  watches.keep(["/b", "/c"]);
  expect([...open.keys()]).toEqual(["/b", "/c"]);
  watches.keep(Array.from({ length: 1000 }, (_, i) => `/${i}`));
  expect(open.size).toBe(100);
  watches.keep([]);
  expect(open.size).toBe(0);
});

test("nothing is told after the end", async () => {
  const { runtime, open, told, watches, closed } = watched();
  watches.keep(["/in"]);
  open.get("/in")!();
  closed.abort();
  await runtime.clock.advance(10);
  expect(told).toEqual([]);
});
