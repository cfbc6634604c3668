"""Runs of one query on Spark: spark_job.py DIRECTORY QUERY THREADS RUNS. All in one session; the last is warm."""

import json, sys, time
from pyspark.sql import SparkSession
from queries import QUERIES, TABLES, line

directory, name, threads, runs = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
spark = (SparkSession.builder.master(f"local[{threads}]").appName("tpch").config("spark.ui.enabled", "false")
         .config("spark.driver.memory", "4g").config("spark.sql.shuffle.partitions", threads).getOrCreate())
spark.sparkContext.setLogLevel("ERROR")
for table in TABLES:
    spark.read.parquet(f"{directory}/{table}.parquet").createOrReplaceTempView(table)
seconds, answer = [], []
for _ in range(runs):
    start = time.time()
    answer = [line(row) for row in spark.sql(QUERIES[name]).collect()]
    seconds.append(time.time() - start)
peak = 0
with open(f"/proc/{spark.sparkContext._gateway.proc.pid}/status") as status:
    for entry in status:
        if entry.startswith("VmHWM"):
            peak = int(entry.split()[1]) // 1024
print("@@result " + json.dumps({"seconds": seconds, "peakRssMb": peak, "answer": answer}), flush=True)
