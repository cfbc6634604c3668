"""Word count: Spark as a stream with a checkpoint, the others as a batch over the files."""

import shutil
import tempfile

from peer import lines, main


def spark(session, directory):
    from pyspark.sql.functions import explode, split

    counts = (session.readStream.text(directory).select(explode(split("value", " ")).alias("word"))
              .groupBy("word").count())
    checkpoint, result = tempfile.mkdtemp(), []

    def collect(batch, _id):
        result[:] = lines(batch.collect())

    query = (counts.writeStream.outputMode("complete").option("checkpointLocation", checkpoint)
             .trigger(availableNow=True).foreachBatch(collect).start())
    query.awaitTermination()
    shutil.rmtree(checkpoint)
    return result


def duckdb(connection, directory):
    # The text has neither tabs nor quotes, so a line is a record of one column.
    return lines(connection.execute(f"""
        SELECT word, count(*) FROM (
            SELECT unnest(string_split(line, ' ')) AS word
            FROM read_csv('{directory}/*.txt', columns = {{line: 'VARCHAR'}}, delim = '\t', quote = '', escape = '',
                          header = false, auto_detect = false))
        GROUP BY word""").fetchall())


def polars(pl, directory):
    text = pl.scan_csv(f"{directory}/*.txt", has_header=False, new_columns=["line"], separator="\t", quote_char=None)
    counts = text.select(pl.col("line").str.split(" ").explode().alias("word")).group_by("word").len()
    return lines(counts.collect(engine="streaming").rows())


main(spark=spark, duckdb=duckdb, polars=polars)
