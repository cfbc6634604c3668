import { expect, test } from "vitest";
import { Harness, windowedCountPlan } from "./streaming.test-support.ts";
import { watermarkText } from "./watermark-report.ts";

const start = (world: Harness) => world.start({ makePlan: () => windowedCountPlan({ mode: "append" }) });

test("explain tells how far the watermark is, and what each operator waits for", async () => {
  const world = new Harness();
  const query = await start(world);
  expect(query.explain("watermark")).toBe(
    [
      "== Watermark ==",
      "Next batch: none yet",
      "  at less 10000 ms, from TopicSource[events0]: no rows yet",
      "== Operators with state ==",
      "(0) stateStoreSave: watermark none yet, 0 rows dropped as late",
      "  nothing in its state waits for the watermark",
    ].join("\n"),
  );
  world.topic.add(["a", 100]);
  await world.runtime.clock.advance(100);
  expect(query.explain("watermark")).toContain("Next batch: 1970-01-01T00:01:30.000Z\n");
  await query.stop();
});

test("explain of a query without a watermark says so", async () => {
  const world = new Harness();
  const query = await world.start({});
  expect(query.explain("watermark")).toContain("The query has no watermark");
  await query.stop();
});

test("the stream that holds the watermark back is named, and the row that must come", () => {
  const waiting = (column: string, sources: readonly string[], eventTime: string) => ({ column, sources, eventTime });
  const text = watermarkText({
    next: "1970-01-01T00:00:10.000Z",
    policy: "min",
    columns: [
      {
        column: "at",
        delayMs: 10_000,
        sources: ["TopicSource[events0]"],
        watermark: "1970-01-01T00:01:30.000Z",
        idle: false,
        holdsBack: false,
      },
      {
        column: "at",
        delayMs: 5000,
        sources: ["TopicSource[events1]"],
        watermark: "1970-01-01T00:00:10.000Z",
        idle: false,
        holdsBack: true,
      },
    ],
    operators: [
      {
        operatorId: 0,
        operatorName: "stateStoreSave",
        watermark: "1970-01-01T00:00:10.000Z",
        numRowsDroppedByWatermark: 2,
        nextToLeave: "1970-01-01T00:02:00.000Z",
        waitsFor: [
          waiting("at", ["TopicSource[events0]"], "1970-01-01T00:02:10.000Z"),
          waiting("at", ["TopicSource[events1]"], "1970-01-01T00:02:05.000Z"),
        ],
      },
    ],
  });
  expect(`${text}\n`).toBe(`\
== Watermark ==
Next batch: 1970-01-01T00:00:10.000Z, the least of its columns
  at less 10000 ms, from TopicSource[events0]: 1970-01-01T00:01:30.000Z
  at less 5000 ms, from TopicSource[events1]: 1970-01-01T00:00:10.000Z, holds the watermark back
== Operators with state ==
(0) stateStoreSave: watermark 1970-01-01T00:00:10.000Z, 2 rows dropped as late
  next to leave its state: 1970-01-01T00:02:00.000Z
  waits for: a row with at from 1970-01-01T00:02:10.000Z on, from TopicSource[events0]
  waits for: a row with at from 1970-01-01T00:02:05.000Z on, from TopicSource[events1]
`);
});
