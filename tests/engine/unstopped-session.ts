/** A program that forgets to stop its session and to read a result to its end: it ends all the same. */
import { count, SparkSession } from "millrace";

const spark = await SparkSession.builder.master("local[2]").create();
const [row] = await spark.range(0, 4_000_000, 1, 4).filter("id >= 0").agg(count().as("n")).collect();
console.log(row?.n);
const unread = spark.range(0, 4_000_000, 1, 4).filter("id >= 0").toLocalIterator();
const first = await unread.next();
console.log("first", first.done === true ? "none" : first.value.id);
