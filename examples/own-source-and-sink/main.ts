/** A source and a sink of one's own, exactly once: every ticket is in the database one time, whatever breaks. */
import { type RowSource, rowSink, SparkSession } from "millrace";
import { workingDirectory } from "../working-directory.ts";
import { SqliteSink, totals } from "./sqlite-sink.ts";
import { type Ticket, TicketSystem } from "./ticket-system.ts";

const directory = workingDirectory("own-source-and-sink");
const file = `${directory}/help-desk.db`;

await using spark = await SparkSession.builder.appName("own-source-and-sink").getOrCreate();
spark.sparkContext.setLogLevel("OFF"); // the failure below is on purpose

/** The query, from its checkpoint: `availableNow` ends it when all tickets are in the database. */
async function copyTickets(source: RowSource<Ticket, number>, sink: SqliteSink): Promise<void> {
  const tickets = spark.readStream.from(source, { id: "int!", team: "string!", minutes: "int!" });
  await using query = await tickets.writeStream
    .format(rowSink(sink))
    .option("checkpointLocation", `${directory}/checkpoint`)
    .trigger({ availableNow: true })
    .start();
  await query.awaitTermination();
}

const helpDesk = new TicketSystem(40);
helpDesk.file(100);

console.log("first run:");
// The batch is in the database, but the engine does not get to know: from its checkpoint, it is not done.
await copyTickets(helpDesk, new SqliteSink(file, 1)).catch((error: unknown) => {
  console.log(`failed: ${error instanceof Error && error.cause instanceof Error ? error.cause.message : error}`);
});

helpDesk.file(20);
console.log("second run:");
// Batch 1 runs again, since the checkpoint does not know that it was done; the sink knows, so it is not written again.
await copyTickets(helpDesk, new SqliteSink(file));
for (const line of totals(file)) console.log(line);
