"""A group for each of many distinct strings."""

from peer import arrow_rows, lines, main


def sql(table, keys):
    return f"""SELECT count(*) AS a, sum(n) AS b, sum(n * n) AS c, sum(length(name)) AS d FROM (
        SELECT concat('user-', id * 7919 % {keys}) AS name, count(*) AS n FROM {table} GROUP BY name)"""


def spark(session, keys):
    return lines(session.sql(sql(f"range({2 * int(keys)})", keys)).collect())


def duckdb(connection, keys):
    return lines(connection.execute(sql(f"range({2 * int(keys)}) AS numbers(id)", keys)).fetchall())


def polars(pl, keys):
    numbers = pl.LazyFrame({"start": [0]}).select(pl.int_range(2 * int(keys), dtype=pl.Int64).alias("id"))
    user = pl.concat_str(pl.lit("user-"), (pl.col("id") * 7919 % int(keys)).cast(pl.String)).alias("user")
    counts = numbers.select(user).group_by("user").agg(pl.len().cast(pl.Int64).alias("n"))
    summary = counts.select(pl.len(), pl.col("n").sum(), (pl.col("n") * pl.col("n")).sum().alias("c"),
                            pl.col("user").str.len_chars().sum())
    return lines(summary.collect(engine="streaming").rows())


def datafusion(context, keys):
    table = f"(SELECT value AS id FROM range({2 * int(keys)}))"
    return lines(arrow_rows(context.sql(sql(table, keys)).collect()))


main(spark=spark, duckdb=duckdb, polars=polars, datafusion=datafusion)
