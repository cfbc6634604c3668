"""TPC-H's queries 1, 3 and 6 as SQL that all of them share."""

from peer import arrow_rows, lines, main

QUERIES = {
    "q1": """
        SELECT l_returnflag, l_linestatus, sum(l_quantity) AS sum_qty, sum(l_extendedprice) AS sum_base_price,
               sum(l_extendedprice * (1 - l_discount)) AS sum_disc_price,
               sum(l_extendedprice * (1 - l_discount) * (1 + l_tax)) AS sum_charge,
               avg(l_quantity) AS avg_qty, avg(l_extendedprice) AS avg_price, avg(l_discount) AS avg_disc,
               count(*) AS count_order
        FROM lineitem WHERE l_shipdate <= DATE '1998-12-01' - INTERVAL '90' DAY
        GROUP BY l_returnflag, l_linestatus ORDER BY l_returnflag, l_linestatus""",
    "q3": """
        SELECT l_orderkey, sum(l_extendedprice * (1 - l_discount)) AS revenue, o_orderdate, o_shippriority
        FROM customer, orders, lineitem
        WHERE c_mktsegment = 'BUILDING' AND c_custkey = o_custkey AND l_orderkey = o_orderkey
          AND o_orderdate < DATE '1995-03-15' AND l_shipdate > DATE '1995-03-15'
        GROUP BY l_orderkey, o_orderdate, o_shippriority ORDER BY revenue DESC, o_orderdate LIMIT 10""",
    "q6": """
        SELECT sum(l_extendedprice * l_discount) AS revenue FROM lineitem
        WHERE l_shipdate >= DATE '1994-01-01' AND l_shipdate < DATE '1995-01-01'
          AND l_discount BETWEEN 0.05 AND 0.07 AND l_quantity < 24""",
}
TABLES = ("lineitem", "orders", "customer")


def spark(session, directory, query):
    for table in TABLES:
        session.read.parquet(f"{directory}/{table}.parquet").createOrReplaceTempView(table)
    return lines(session.sql(QUERIES[query]).collect())


def duckdb(connection, directory, query):
    for table in TABLES:
        connection.execute(f"CREATE OR REPLACE VIEW {table} AS FROM '{directory}/{table}.parquet'")
    return lines(connection.execute(QUERIES[query]).fetchall())


def datafusion(context, directory, query):
    for table in TABLES:
        context.deregister_table(table)
        context.register_parquet(table, f"{directory}/{table}.parquet")
    return lines(arrow_rows(context.sql(QUERIES[query]).collect()))


main(spark=spark, duckdb=duckdb, datafusion=datafusion)
