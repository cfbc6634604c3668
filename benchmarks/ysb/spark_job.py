"""The benchmark's query on Spark: spark_job.py EVENTS CAMPAIGNS THREADS RUNS. All runs in one session; the last is warm."""
import json, resource, shutil, sys, tempfile, time
from pyspark.sql import SparkSession
from pyspark.sql.functions import col, timestamp_millis, window

events, campaigns, threads, runs = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
spark = (SparkSession.builder.master(f"local[{threads}]").appName("ysb")
         .config("spark.ui.enabled", "false").config("spark.sql.shuffle.partitions", "2").getOrCreate())
spark.sparkContext.setLogLevel("ERROR")
ads = spark.read.option("header", True).csv(campaigns)
stream = (spark.readStream.schema("ad_id STRING, event_type STRING, event_time BIGINT")
          .option("maxFilesPerTrigger", 1).json(events))
counts = (stream.filter(col("event_type") == "view").join(ads, "ad_id")
          .groupBy("campaign_id", window(timestamp_millis("event_time"), "10 seconds")).count())
seconds, rows, result = [], 0, {}
for _ in range(runs):
    checkpoint = tempfile.mkdtemp()
    result = {}

    def collect(batch, _id):
        for row in batch.selectExpr("campaign_id", "unix_millis(window.start) AS s", "count").collect():
            result[f"{row.campaign_id} {row.s}"] = row["count"]

    start = time.time()
    query = (counts.writeStream.outputMode("update").option("checkpointLocation", checkpoint)
             .trigger(availableNow=True).foreachBatch(collect).start())
    query.awaitTermination()
    seconds.append(time.time() - start)
    rows = sum(p["numInputRows"] for p in query.recentProgress)
    shutil.rmtree(checkpoint)
pid = spark.sparkContext._gateway.proc.pid
peak = 0
with open(f"/proc/{pid}/status") as status:
    for line in status:
        if line.startswith("VmHWM"):
            peak = int(line.split()[1]) // 1024
print("@@result " + json.dumps({"seconds": seconds, "rows": rows, "peakRssMb": peak,
                                "counts": sorted(f"{k} {v}" for k, v in result.items())}), flush=True)
