"""A join of two streams in Spark."""

import shutil
import tempfile

from peer import main


def spark(session, shown, clicked):
    from pyspark.sql.functions import expr

    def events(path):
        return (session.readStream.schema("user STRING, at BIGINT, n BIGINT").option("maxFilesPerTrigger", 1).json(path)
                .selectExpr("user", "timestamp_millis(at) AS at", "n").withWatermark("at", "2 seconds"))

    condition = "s.user = c.user AND c.at BETWEEN s.at AND s.at + INTERVAL 1 SECOND"
    joined = (events(shown).alias("s").join(events(clicked).alias("c"), expr(condition))
              .selectExpr("s.n AS shown", "c.n AS clicked", "length(c.user) AS size",
                          "unix_millis(c.at) - unix_millis(s.at) AS ms"))
    checkpoint, totals = tempfile.mkdtemp(), [0] * 5

    def collect(batch, _id):
        row = batch.selectExpr("count(*)", "sum(shown)", "sum(clicked)", "sum(size)", "sum(ms)").collect()[0]
        for i, value in enumerate(row):
            totals[i] += value or 0

    query = (joined.writeStream.option("checkpointLocation", checkpoint)
             .trigger(availableNow=True).foreachBatch(collect).start())
    query.awaitTermination()
    shutil.rmtree(checkpoint)
    return ["|".join(str(total) for total in totals)]


main(spark=spark)
