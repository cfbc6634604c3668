"""The query of the Yahoo Streaming Benchmark: Spark as a stream with a checkpoint, the others as a batch over the files."""

import shutil
import tempfile

from peer import arrow_rows, lines, main


def spark(session, events, campaigns, column, *values):
    from pyspark.sql.functions import col, timestamp_millis, window

    ads = session.read.option("header", True).csv(campaigns)
    stream = (session.readStream.schema(f"ad_id STRING, {column} STRING, event_time BIGINT")
              .option("maxFilesPerTrigger", 1).json(events))
    wanted = col(column) == values[0] if len(values) == 1 else col(column).isin(*values)
    counts = (stream.filter(wanted).join(ads, "ad_id")
              .groupBy("campaign_id", window(timestamp_millis("event_time"), "10 seconds")).count())
    checkpoint, result = tempfile.mkdtemp(), {}

    def collect(batch, _id):
        for row in batch.selectExpr("campaign_id", "unix_millis(window.start) AS s", "count").collect():
            result[f"{row.campaign_id}|{row.s}"] = row["count"]

    query = (counts.writeStream.outputMode("update").option("checkpointLocation", checkpoint)
             .trigger(availableNow=True).foreachBatch(collect).start())
    query.awaitTermination()
    shutil.rmtree(checkpoint)
    return [f"{key}|{count}" for key, count in result.items()]


def quoted(values):
    return ", ".join(f"'{value}'" for value in values)


def duckdb(connection, events, campaigns, column, *values):
    return lines(connection.execute(f"""
        SELECT campaign_id, event_time // 10000 * 10000 AS start, count(*)
        FROM read_json('{events}/*.json', format = 'newline_delimited',
                       columns = {{ad_id: 'VARCHAR', {column}: 'VARCHAR', event_time: 'BIGINT'}})
        JOIN read_csv('{campaigns}', header = true, columns = {{ad_id: 'VARCHAR', campaign_id: 'VARCHAR'}}) USING (ad_id)
        WHERE {column} IN ({quoted(values)}) GROUP BY ALL""").fetchall())


def polars(pl, events, campaigns, column, *values):
    schema = {"ad_id": pl.String, column: pl.String, "event_time": pl.Int64}
    counts = (pl.scan_ndjson(f"{events}/*.json", schema=schema).filter(pl.col(column).is_in(list(values)))
              .join(pl.scan_csv(campaigns), on="ad_id")
              .group_by("campaign_id", (pl.col("event_time") // 10000 * 10000).alias("start")).len())
    return lines(counts.collect(engine="streaming").rows())


def datafusion(context, events, campaigns, column, *values):
    import pyarrow

    text = pyarrow.string()
    schema = pyarrow.schema([("ad_id", text), (column, text), ("event_time", pyarrow.int64())])
    context.deregister_table("events")
    context.register_json("events", f"{events}/", schema=schema, file_extension=".json")
    context.deregister_table("ads")
    context.register_csv("ads", campaigns)
    return lines(arrow_rows(context.sql(f"""
        SELECT campaign_id, event_time / 10000 * 10000 AS start, count(*) AS n FROM events JOIN ads USING (ad_id)
        WHERE {column} IN ({quoted(values)}) GROUP BY campaign_id, start""").collect()))


main(spark=spark, duckdb=duckdb, polars=polars, datafusion=datafusion)
