/**
 * Counts words that come over a socket.
 *
 *   nc -lk 9999                                                       in one terminal; type lines there
 *   node examples/structured-wordcount/main.ts localhost 9999         in another
 *
 * Without arguments it talks to a server of its own and ends after its lines.
 */
import { explode, SparkSession, split } from "millrace";
import { LineServer } from "./line-server.ts";

function wordCounts(spark: SparkSession, host: string, port: number) {
  const lines = spark.readStream.format("socket").option("host", host).option("port", port).load();
  const words = lines.select(explode(split("value", " ")).alias("word"));
  return words.groupBy("word").count();
}

await using spark = await SparkSession.builder.appName("structured-wordcount").getOrCreate();
const [host, port] = process.argv.slice(2);

if (host !== undefined) {
  const counts = wordCounts(spark, host, Number(port ?? 9999));
  await using query = await counts.writeStream.outputMode("complete").format("console").start();
  await query.awaitTermination();
} else {
  await using server = new LineServer();
  const counts = wordCounts(spark, "127.0.0.1", await server.listen());
  // Sorting is allowed in complete mode only: each batch has the whole result.
  const sorted = counts.orderBy((c) => c.count.desc(), "word");
  await using query = await sorted.writeStream.outputMode("complete").format("console").start();
  const batches = query.changes();
  for (const line of ["to be or not to be", "that is the question", "to die to sleep"]) {
    await server.send(line);
    await batches.next();
  }
}
