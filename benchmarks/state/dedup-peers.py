"""Deduplication within the watermark in Spark."""

import shutil
import tempfile

from peer import main


def spark(session, directory):
    first = (session.readStream.schema("id STRING, at BIGINT, n BIGINT").option("maxFilesPerTrigger", 1).json(directory)
             .selectExpr("id", "timestamp_millis(at) AS at", "n").withWatermark("at", "1 minute")
             .dropDuplicatesWithinWatermark(["id"]))
    checkpoint, totals = tempfile.mkdtemp(), [0] * 2

    def collect(batch, _id):
        row = batch.selectExpr("count(*)", "sum(CAST(substring(id, 7) AS BIGINT))").collect()[0]
        for i, value in enumerate(row):
            totals[i] += value or 0

    query = (first.writeStream.option("checkpointLocation", checkpoint)
             .trigger(availableNow=True).foreachBatch(collect).start())
    query.awaitTermination()
    shutil.rmtree(checkpoint)
    return ["|".join(str(total) for total in totals)]


main(spark=spark)
