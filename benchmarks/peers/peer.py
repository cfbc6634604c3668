"""Runs a work on another system and reports as the jobs of Millrace do: `WORK.py SYSTEM THREADS RUNS PARAMETER …`."""

import json
import os
import sys
import time

# The last run counts. After this many seconds a system is warm, however few runs it has had (two at least).
WARM_AFTER_SECONDS = 60


def spark_session(threads):
    from pyspark.sql import SparkSession

    session = (SparkSession.builder.master(f"local[{threads}]").config("spark.ui.enabled", "false")
               .config("spark.ui.showConsoleProgress", "false")
               .config("spark.driver.memory", "4g").config("spark.sql.shuffle.partitions", threads)
               .config("spark.python.authenticate.socketTimeout", "60s")
               .config("spark.sql.session.timeZone", "UTC").getOrCreate())
    session.sparkContext.setLogLevel("ERROR")
    return session, session.sparkContext._gateway.proc.pid


def duckdb_session(threads):
    import duckdb

    return duckdb.connect(config={"threads": threads}), "self"


def polars_session(threads):
    import polars

    assert polars.thread_pool_size() == int(threads)
    return polars, "self"


def datafusion_session(threads):
    from datafusion import SessionConfig, SessionContext

    return SessionContext(SessionConfig().with_target_partitions(int(threads))), "self"


SESSIONS = {"spark": spark_session, "duckdb": duckdb_session, "polars": polars_session, "datafusion": datafusion_session}


def line(row):
    """A row as text: doubles with six digits, since engines print them differently."""
    return "|".join(f"{value:.6f}" if isinstance(value, float) else str(value) for value in row)


def lines(rows):
    return sorted(line(row) for row in rows)


def arrow_rows(batches):
    """Rows of DataFusion's record batches."""
    return [tuple(row.values()) for batch in batches for row in batch.to_pylist()]


def peak_rss_mb(pid):
    with open(f"/proc/{pid}/status") as status:
        for entry in status:
            if entry.startswith("VmHWM"):
                return int(entry.split()[1]) // 1024
    return 0


def cpu_seconds(pid):
    """Processor time of a process with all its threads."""
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main(**works):
    """A work takes a session and the parameters and gives lines; with `answer_…` beside it, that gives them, untimed."""
    system, threads, runs, *parameters = sys.argv[1:]
    session, pid = SESSIONS[system](threads)
    seconds, cpu, answer = [], [], []
    for _ in range(int(runs)):
        cpu_before = cpu_seconds(pid)
        start = time.perf_counter()
        answer = works[system](session, *parameters)
        seconds.append(time.perf_counter() - start)
        cpu.append(cpu_seconds(pid) - cpu_before)
        if len(seconds) > 1 and sum(seconds) > WARM_AFTER_SECONDS:
            break
    peak = peak_rss_mb(pid)
    asked = works.get(f"answer_{system}")
    if asked is not None:
        answer = asked(session, *parameters)
    result = {"seconds": seconds, "cpuSeconds": cpu, "peakRssMb": peak, "answer": answer}
    print("@@result " + json.dumps(result), flush=True)
