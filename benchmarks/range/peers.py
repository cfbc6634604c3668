"""Computation without reading: a filter, 100 groups, count and sum."""

from peer import arrow_rows, lines, main


def sql(table):
    return f"SELECT id % 100 AS k, count(*) AS n, sum(id) AS total FROM {table} WHERE id % 3 = 0 GROUP BY k"


def spark(session, rows):
    return lines(session.sql(sql(f"range({rows})")).collect())


def duckdb(connection, rows):
    return lines(connection.execute(sql(f"range({rows}) AS numbers(id)")).fetchall())


def polars(pl, rows):
    numbers = pl.LazyFrame({"start": [0]}).select(pl.int_range(int(rows), dtype=pl.Int64).alias("id"))
    groups = (numbers.filter(pl.col("id") % 3 == 0).group_by((pl.col("id") % 100).alias("k"))
              .agg(pl.len(), pl.col("id").sum().alias("total")))
    return lines(groups.collect(engine="streaming").rows())


def datafusion(context, rows):
    return lines(arrow_rows(context.sql(sql(f"(SELECT value AS id FROM range({rows}))")).collect()))


main(spark=spark, duckdb=duckdb, polars=polars, datafusion=datafusion)
