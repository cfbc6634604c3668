"""A running count and sum for each user of a stream, with Spark's Python API over rows, which is quicker than that over pandas."""

import shutil
import tempfile
from collections.abc import Iterator

from peer import main


def spark(session, directory):
    from pyspark.sql import Row
    from pyspark.sql.streaming import StatefulProcessor, StatefulProcessorHandle

    session.conf.set("spark.sql.streaming.stateStore.providerClass",
                     "org.apache.spark.sql.execution.streaming.state.RocksDBStateStoreProvider")

    class Totals(StatefulProcessor):
        def init(self, handle: StatefulProcessorHandle) -> None:
            self.total = handle.getValueState("total", "events BIGINT, amount BIGINT")

        def handleInputRows(self, key, rows: Iterator[Row], timerValues) -> Iterator[Row]:
            before = self.total.get()
            events, amount = before if before is not None else (0, 0)
            for row in rows:
                events += 1
                amount += row.amount
            self.total.update((events, amount))
            yield Row(user=key[0], events=events, amount=amount)

        def close(self) -> None:
            pass

    totals = (session.readStream.schema("user BIGINT, amount BIGINT").option("maxFilesPerTrigger", 1).json(directory)
              .groupBy("user").transformWithState(
                  statefulProcessor=Totals(), outputStructType="user BIGINT, events BIGINT, amount BIGINT",
                  outputMode="Update", timeMode="None"))
    checkpoint, answer = tempfile.mkdtemp(), []

    def collect(batch, _id):
        row = batch.selectExpr("count(user)", "sum(events)", "sum(amount)").collect()[0]
        answer[:] = ["|".join(str(value) for value in row)]

    query = (totals.writeStream.outputMode("update").option("checkpointLocation", checkpoint)
             .trigger(availableNow=True).foreachBatch(collect).start())
    query.awaitTermination()
    shutil.rmtree(checkpoint)
    return answer


main(spark=spark)
