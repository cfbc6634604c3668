/**
 * Sessions of users: the clicks of a user belong together until nothing has come for a while. How long that is depends on
 * the page: someone who watches a film does not click. Each session comes out once, when no click can prolong it any more.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { count, SparkSession, sessionWindow, when } from "millrace";
import { workingDirectory } from "../working-directory.ts";

const input = `${workingDirectory("user-sessions")}/clicks`;
mkdirSync(input);
const file = (name: string, ...clicks: readonly (readonly [at: string, user: string, page: string])[]): void =>
  writeFileSync(
    `${input}/${name}.json`,
    clicks.map(([at, user, page]) => `${JSON.stringify({ at: `2026-03-01T${at}Z`, user, page })}\n`).join(""),
  );
file("1", ["12:00:00", "ada", "/"], ["12:02:00", "ada", "/search"], ["12:03:00", "ben", "/film/7"]);
file("2", ["12:20:00", "ada", "/"], ["12:50:00", "ben", "/film/8"]);
// One click of ada's comes late: it joins what looked like two sessions.
file("3", ["12:12:00", "ada", "/film/7"], ["12:55:00", "ada", "/"]);
file("4", ["15:30:00", "cleo", "/"]);

await using spark = await SparkSession.builder.appName("user-sessions").getOrCreate();

const clicks = spark.readStream
  .schema({ at: "timestamp", user: "string", page: "string" })
  .option("maxFilesPerTrigger", 1)
  .json(input);

const sessions = clicks
  .withWatermark("at", "1 hour")
  .groupBy("user", (c) => sessionWindow(c.at, when(c.page.like("/film/%"), "1 hour").otherwise("10 minutes")))
  .agg(() => ({ clicks: count() }))
  .select("user", "session_window.start", "session_window.end", "clicks");

await using query = await sessions.writeStream
  .format("console")
  .option("truncate", false)
  .trigger({ availableNow: true })
  .start();
await query.awaitTermination();
