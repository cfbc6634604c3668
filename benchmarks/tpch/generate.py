"""Writes lineitem, orders and customer of TPC-H at a scale as Parquet files: generate.py SCALE DIRECTORY"""

import sys
from pathlib import Path

import duckdb
import duckdb_extension_tpch

scale, directory = float(sys.argv[1]), sys.argv[2]
extension = next(Path(duckdb_extension_tpch.__file__).parent.glob("extensions/*/tpch.duckdb_extension"))
connection = duckdb.connect()
connection.execute(f"LOAD '{extension}'")
connection.execute(f"CALL dbgen(sf = {scale})")
for table in ("lineitem", "orders", "customer"):
    connection.execute(f"COPY {table} TO '{directory}/{table}.parquet' (FORMAT parquet, COMPRESSION snappy)")
