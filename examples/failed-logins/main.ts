/** Alerts when a user fails to log in for the third time within 10 minutes: a processor with a list and a timer for each user. */
import { mkdirSync, writeFileSync } from "node:fs";
import {
  type ListState,
  SparkSession,
  type StatefulProcessor,
  type StatefulProcessorHandle,
  type TimerValues,
} from "millrace";
import { workingDirectory } from "../working-directory.ts";

const input = `${workingDirectory("failed-logins")}/logins`;
mkdirSync(input);
const login = (time: string, user: string, ok: boolean): string =>
  `${JSON.stringify({ at: `2026-03-01T12:${time}Z`, user, ok })}\n`;
writeFileSync(
  `${input}/1.json`,
  login("00:00", "ada", false) + login("01:00", "grace", false) + login("04:00", "ada", false),
);
// Ada's third failure comes in time; Grace's second one comes after a success, which forgives the first.
writeFileSync(
  `${input}/2.json`,
  login("05:00", "grace", true) + login("06:00", "grace", false) + login("09:30", "ada", false),
);
// Alan's failures are too far apart: a timer forgets the first one when the watermark has passed it by ten minutes.
writeFileSync(`${input}/3.json`, login("10:00", "alan", false) + login("12:00", "alan", false));
writeFileSync(`${input}/4.json`, login("30:00", "alan", false));

interface Login {
  readonly at: Date | null;
  readonly ok: boolean | null;
}
interface Alert {
  readonly user: string;
  readonly first: Date;
  readonly third: Date;
}
const tenMinutes = 600_000;

class FailedLogins implements StatefulProcessor<string, Login, Alert> {
  #handle!: StatefulProcessorHandle;
  #failures!: ListState<{ readonly at: Date }>;

  init(handle: StatefulProcessorHandle): void {
    this.#handle = handle;
    this.#failures = handle.getListState("failures", { at: "timestamp!" });
  }

  *handleInputRows(user: string, rows: Iterable<Login>): Generator<Alert> {
    for (const { at, ok } of [...rows].toSorted((a, b) => a.at!.getTime() - b.at!.getTime())) {
      const time = at!.getTime();
      const recent = [...this.#failures.get()].filter((failure) => failure.at.getTime() > time - tenMinutes);
      if (ok === true) recent.length = 0;
      else recent.push({ at: at! });
      if (recent.length === 3) yield { user, first: recent.shift()!.at, third: at! };
      this.#keep(recent);
    }
  }

  /** No failure has come since the last one ran out of time. */
  handleExpiredTimer(_user: string, _timer: unknown, times: TimerValues): void {
    this.#keep(
      [...this.#failures.get()].filter(({ at }) => at.getTime() > times.getCurrentWatermarkInMs() - tenMinutes),
    );
  }

  #keep(failures: readonly { readonly at: Date }[]): void {
    for (const timer of this.#handle.listTimers()) this.#handle.deleteTimer(timer);
    if (failures.length === 0) return this.#failures.clear();
    this.#failures.put(failures);
    this.#handle.registerTimer(failures[0]!.at.getTime() + tenMinutes);
  }
}

await using spark = await SparkSession.builder.appName("failed-logins").getOrCreate();
spark.conf.set("spark.sql.session.timeZone", "UTC");

const logins = spark.readStream
  .schema({ at: "timestamp", user: "string", ok: "boolean" })
  .option("maxFilesPerTrigger", 1)
  .json(input);

const alerts = logins
  .withWatermark("at", "1 minute")
  .groupByKey((login) => login.user!, "string!")
  .transformWithState(() => new FailedLogins(), {
    output: { user: "string!", first: "timestamp!", third: "timestamp!" },
    timeMode: "EventTime",
  });

await using query = await alerts.writeStream
  .format("console")
  .option("truncate", false)
  .trigger({ availableNow: true })
  .start();
await query.awaitTermination();
console.log(`users remembered: ${query.lastProgress?.stateOperators[0]?.numRowsTotal ?? 0} rows of state`);
