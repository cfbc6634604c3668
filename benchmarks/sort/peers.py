"""Sort of longs with a payload. Each system makes the whole sorted result; the answer, a few of its rows, is taken untimed."""

from peer import lines, main

KEY = "(id * 2654435761 + 12345) % 4294967291"


def sorted_rows(session, rows):
    return session.range(int(rows)).selectExpr(f"{KEY} AS k", "id AS payload").orderBy("k")


def spark(session, rows, every):
    sorted_rows(session, rows).write.format("noop").mode("overwrite").save()
    return []


def answer_spark(session, rows, every):
    """A row's place is its place in its partition and the number of rows before that; partitions stay as they are when kept."""
    from pyspark import StorageLevel
    from pyspark.sql.functions import col, count, monotonically_increasing_id, spark_partition_id

    placed = (sorted_rows(session, rows).withColumn("partition", spark_partition_id())
              .withColumn("place", monotonically_increasing_id() % (1 << 33)).persist(StorageLevel.DISK_ONLY))
    counts = dict(placed.groupBy("partition").agg(count("*")).collect())
    answer = []
    for partition in counts:
        before = sum(n for p, n in counts.items() if p < partition)
        wanted = placed.where((col("partition") == partition) & ((col("place") + before) % int(every) == 0))
        answer += [(row.place + before, row.k, row.payload) for row in wanted.collect()]
    return lines(answer)


def duckdb(connection, rows, every):
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE sorted AS
        SELECT {KEY} AS k, id AS payload FROM range({rows}) AS numbers(id) ORDER BY k""")
    return []


def answer_duckdb(connection, rows, every):
    return lines(connection.execute(f"SELECT rowid, k, payload FROM sorted WHERE rowid % {every} = 0").fetchall())


kept = []


def polars(pl, rows, every):
    numbers = pl.LazyFrame({"start": [0]}).select(pl.int_range(int(rows), dtype=pl.Int64).alias("payload"))
    k = ((pl.col("payload") * 2654435761 + 12345) % 4294967291).alias("k")
    kept[:] = [numbers.select(k, "payload").sort("k").collect(engine="streaming")]
    return []


def answer_polars(pl, rows, every):
    sampled = kept[0].with_row_index("place").gather_every(int(every))
    return lines(sampled.rows())


main(spark=spark, answer_spark=answer_spark, duckdb=duckdb, answer_duckdb=answer_duckdb,
     polars=polars, answer_polars=answer_polars)
