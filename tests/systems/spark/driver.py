"""One PySpark session that the systems suite drives: a request per line on stdin, an answer per line on stdout, both JSON.

Plans are JSON too, and tests/systems/spark/plans.ts builds the same ones with Millrace:
  {"inline": {"columns": [names], "rows": [[SQL literals]]}} | {"range": n} | {"read": {"format", "path", "schema"?, "options"?}},
  each with "steps": [[name, …], …]
"""
import datetime, decimal, json, os, re, sys, time, traceback

os.environ["TZ"] = "UTC"
time.tzset()
answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)  # whatever prints, prints to stderr

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession, Window, functions as F, types as T

scratch = sys.argv[1]
builder = SparkSession.builder.master("local[2]").appName("systems")
for key, value in {
    "spark.ui.enabled": "false",
    "spark.sql.shuffle.partitions": "2",
    "spark.sql.session.timeZone": "UTC",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.extraJavaOptions": "-Duser.timezone=UTC -Duser.language=en",
    "spark.sql.warehouse.dir": scratch + "/warehouse",
    "spark.local.dir": scratch,
    "spark.sql.streaming.stateStore.maintenanceInterval": "500ms",
    "spark.sql.timeType.enabled": "true",
    "spark.log.level": "OFF",
}.items():
    builder = builder.config(key, value)
spark = builder.getOrCreate()
spark.sparkContext.setLogLevel("OFF")

EPOCH = datetime.datetime(1970, 1, 1)
MICRO = datetime.timedelta(microseconds=1)


def canonical(kind, value):
    """A value as JSON that tests/systems/spark/canonical.ts makes of ours as well."""
    if value is None or isinstance(kind, (T.BooleanType, T.StringType)):
        return value
    if isinstance(kind, T.IntegralType):
        return str(value)
    if isinstance(kind, T.FractionalType) and not isinstance(kind, T.DecimalType):
        return {"double": repr(value)}
    if isinstance(kind, T.DecimalType):
        return format(value, "f")
    if isinstance(kind, (T.TimestampType, T.TimestampNTZType)):
        return str((value - EPOCH) // MICRO)
    if isinstance(kind, T.DateType):
        return value.isoformat()
    if isinstance(kind, T.DayTimeIntervalType):
        return str(value // MICRO)
    if isinstance(kind, T.TimeType):
        return str(((value.hour * 60 + value.minute) * 60 + value.second) * 1000000 + value.microsecond)
    if isinstance(kind, T.VariantType):
        return canonical_variant(value.toPython())
    if isinstance(kind, T.BinaryType):
        return bytes(value).hex()
    if isinstance(kind, T.ArrayType):
        return [canonical(kind.elementType, each) for each in value]
    if isinstance(kind, T.StructType):
        return [canonical(field.dataType, each) for field, each in zip(kind.fields, value)]
    if isinstance(kind, T.MapType):
        pairs = [[canonical(kind.keyType, k), canonical(kind.valueType, v)] for k, v in value.items()]
        return sorted(pairs, key=json.dumps)
    if isinstance(kind, T.NullType):
        return None
    raise ValueError(f"no canonical form of {kind.simpleString()}")


def canonical_variant(value):
    """The content of a variant: plain values, in which 1 and 1.0 are the same number."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return {"double": repr(float(value))} if abs(value) < 2**53 else str(value)
    if isinstance(value, float):
        return {"double": repr(value)}
    if isinstance(value, decimal.Decimal):
        text = format(value, "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    if isinstance(value, datetime.datetime):
        text = value.replace(tzinfo=None).isoformat() + ("Z" if value.tzinfo else "")
        return re.sub(r"(\.\d*?)0+(Z?)$", r"\1\2", text)
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).hex()
    if isinstance(value, list):
        return [canonical_variant(each) for each in value]
    return sorted([[key, canonical_variant(each)] for key, each in value.items()], key=json.dumps)


def columns(df):
    return [[field.name, field.dataType.simpleString(), field.nullable] for field in df.schema.fields]


def rows(df):
    return [[canonical(field.dataType, value) for field, value in zip(df.schema.fields, row)] for row in df.collect()]


def failure(error):
    """The class of an error, also of those that Java alone knows, which bear it in brackets."""
    condition = error.getCondition() if isinstance(error, PySparkException) else None
    bracketed = re.search(r"\[([A-Z_.0-9]+)\]", str(error))
    condition = condition or (bracketed.group(1) if bracketed else type(error).__name__)
    return {"error": condition, "message": str(error)[:2000]}


def build(plan, streaming=False):
    if "inline" in plan:
        inline = plan["inline"]
        literals = ", ".join("(" + ", ".join(row) + ")" for row in inline["rows"])
        df = spark.sql(f"SELECT * FROM VALUES {literals} AS t({', '.join(inline['columns'])})")
    elif "range" in plan:
        df = spark.range(plan["range"])
    else:
        read = plan["read"]
        reader = (spark.readStream if streaming else spark.read).format(read["format"])
        if "schema" in read:
            reader = reader.schema(read["schema"])
        df = reader.options(**read.get("options", {})).load(read["path"])
    for name, *args in plan.get("steps", []):
        if name == "select":
            df = df.selectExpr(*args)
        elif name == "filter":
            df = df.filter(args[0])
        elif name == "aggregate":
            by, aggregates = args
            df = df.groupBy(*map(F.expr, by)).agg(*map(F.expr, aggregates))
        elif name == "join":
            other, on, how = args
            right = build(other)
            df = df.join(right, on if isinstance(on, list) else F.expr(on), how)
        elif name == "joinSelf":
            steps, on, how = args
            right = build({**plan, "steps": steps}, streaming)
            df = df.join(right, on if isinstance(on, list) else F.expr(on), how)
        elif name == "union":
            df = df.union(build(args[0], streaming))
        elif name == "alias":
            df = df.alias(args[0])
        elif name == "sort":
            df = df.orderBy(*args)
        elif name == "limit":
            df = df.limit(args[0])
        elif name == "distinct":
            df = df.distinct()
        elif name == "dropDuplicates":
            df = df.dropDuplicates(args[0])
        elif name == "dropDuplicatesWithinWatermark":
            df = df.dropDuplicatesWithinWatermark(args[0])
        elif name == "watermark":
            df = df.withWatermark(*args)
        else:
            raise ValueError(f"unknown step {name}")
    return df


def state_operator(state):
    """What both engines must count alike."""
    counters = {name: state[name] for name in ("operatorName", *STATE_COUNTERS)}
    return {**counters, "numDroppedDuplicateRows": state["customMetrics"].get("numDroppedDuplicateRows", 0)}


STATE_COUNTERS = (
    "numRowsTotal", "numRowsUpdated", "numRowsRemoved", "numRowsDroppedByWatermark", "numShufflePartitions",
    "numStateStoreInstances",
)


def evaluate(request):
    """Each expression over the rows of one relation: name, type and values, or the error."""
    spark.conf.set("spark.sql.session.timeZone", request["timeZone"])
    source = build(request["plan"])
    results = []
    for expression in request["expressions"]:
        try:
            df = source.selectExpr(expression)
            results.append({"columns": columns(df), "rows": rows(df)})
        except Exception as error:
            results.append(failure(error))
    spark.conf.set("spark.sql.session.timeZone", "UTC")
    return results


def run(request):
    """A batch plan: its rows and what show and printSchema print."""
    df = build(request["plan"])
    answer = {"columns": columns(df), "tree": df._jdf.schema().treeString()}
    answer["rows"] = rows(df)
    show = request.get("show")
    if show is not None:
        answer["show"] = df._jdf.showString(show["rows"], show["truncate"], show["vertical"])
    return answer


def write(request):
    """Writes the rows of a plan; resolves to nothing."""
    for key, value in request.get("conf", {}).items():
        spark.conf.set(key, value)
    writer = build(request["plan"]).write.format(request["format"]).options(**request.get("options", {}))
    try:
        writer.partitionBy(*request.get("partitionBy", [])).mode(request.get("mode", "overwrite")).save(request["path"])
    finally:
        for key in request.get("conf", {}):
            spark.conf.unset(key)
    return {}


def stream(request):
    """A streaming query until everything is processed; with "collect" the rows of its batches."""
    for key, value in request.get("conf", {}).items():
        spark.conf.set(key, value)
    df = build(request["plan"], streaming=True)
    writer = df.writeStream.outputMode(request.get("outputMode", "append")).option(
        "checkpointLocation", request["checkpoint"]
    )
    writer = writer.options(**request.get("options", {}))
    writer = writer.trigger(once=True) if request.get("once") else writer.trigger(availableNow=True)
    batches = []

    def keep(batch, batch_id):
        batches.append({"batchId": batch_id, "rows": rows(batch)})
        if request.get("failAt") == batch_id:
            raise RuntimeError("told to fail")

    if "path" in request:
        query = writer.format(request["format"]).partitionBy(*request.get("partitionBy", [])).start(request["path"])
    else:
        query = writer.foreachBatch(keep).start()
    try:
        query.awaitTermination()
        error = None
    except Exception as caught:
        error = str(caught)[:2000]
    progress = [
        {
            "batchId": p["batchId"],
            "numInputRows": p["numInputRows"],
            "eventTime": dict(p["eventTime"] or {}),
            "stateOperators": [state_operator(s) for s in p["stateOperators"]],
        }
        for p in query.recentProgress
    ]
    time.sleep(request.get("settleSeconds", 0))
    for key in request.get("conf", {}):
        spark.conf.unset(key)
    return {"id": query.id, "progress": progress, "batches": batches, **({"error": error} if error else {})}


def slt(request):
    """The cases of one section of an answer file (tests/slt/slt-file.ts)."""
    for key, value in request["settings"]:
        spark.conf.set(key, value)
    names = {
        "spark": spark, "expr": F.expr, "col": F.col, "lit": F.lit, "Window": Window,
        "true": True, "false": False, "null": None,
    }  # fmt: skip
    for table in request["tables"]:
        columns_of = ", ".join(f"CAST(`{name}` AS {kind}) AS `{name}`" for name, kind in table["columns"])
        listed = ", ".join(f"`{name}`" for name, _ in table["columns"])
        literals = ", ".join(f"({row})" for row in table["rows"])
        names[table["name"]] = spark.sql(f"SELECT {columns_of} FROM VALUES {literals} AS t({listed})")
    one = spark.sql("SELECT 1 AS one")
    results = []
    for case in request["cases"]:
        try:
            df = one.selectExpr(case["text"]) if case["kind"] == "expression" else eval(case["text"], dict(names))
            results.append({"columns": columns(df), "rows": rows(df)})
        except Exception as error:
            results.append(failure(error))
    for key, _ in request["settings"]:
        spark.conf.unset(key)
    spark.conf.set("spark.sql.session.timeZone", "UTC")
    return results


def types(request):
    """The type of each expression over one row, or the class of its error; nothing is computed."""
    spark.conf.set("spark.sql.ansi.enabled", str(request["ansi"]).lower())
    source = spark.range(1).selectExpr(*request["columns"])
    results = []
    for expression in request["expressions"]:
        try:
            results.append(source.selectExpr(expression).schema.fields[0].dataType.simpleString())
        except Exception as error:
            results.append("! " + failure(error)["error"])
    spark.conf.unset("spark.sql.ansi.enabled")
    return results


operations = {"types": types, "evaluate": evaluate, "run": run, "slt": slt, "stream": stream, "write": write, "version": lambda _: spark.version}
for line in sys.stdin:
    request = json.loads(line)
    try:
        answer = {"value": operations[request["op"]](request)}
    except (PySparkException, Py4JJavaError) as error:
        answer = {"value": failure(error)}
    except Exception:
        answer = {"crash": traceback.format_exc()}
    answers.write(json.dumps(answer) + "\n")
    answers.flush()
spark.stop()
