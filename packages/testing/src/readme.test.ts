import { window } from "millrace";
import { memoryStream, testSession, testStream } from "@millrace/testing";
import { test } from "vitest"; // or node:test, or any other

test("a window closes when the watermark passes its end", async () => {
  const clicks = memoryStream(await testSession(), { user: "string", at: "timestamp" });
  const counts = clicks.df.withWatermark("at", "10 seconds").groupBy(window("at", "1 minute")).count();
  await testStream(counts, "append")
    .add(clicks, { user: "a", at: "00:00:05" }, { user: "b", at: "00:00:50" })
    .expectNew([])
    .crash("afterStateCommit")
    .restart()
    .add(clicks, { user: "c", at: "00:01:15" })
    .expectNew([{ start: "00:00:00", count: 2 }]);
});
