"""Runs of one query on DuckDB, over the files: duckdb_job.py DIRECTORY QUERY THREADS RUNS"""

import json, resource, sys, time
import duckdb
from queries import QUERIES, TABLES, line

directory, name, threads, runs = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
connection = duckdb.connect(config={"threads": threads})
for table in TABLES:
    connection.execute(f"CREATE VIEW {table} AS FROM '{directory}/{table}.parquet'")
seconds, answer = [], []
for _ in range(runs):
    start = time.time()
    answer = [line(row) for row in connection.execute(QUERIES[name]).fetchall()]
    seconds.append(time.time() - start)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
print("@@result " + json.dumps({"seconds": seconds, "peakRssMb": peak, "answer": answer}), flush=True)
