"""PySpark for the systems suite: each connection to a socket has a session of its own, a request per line and an answer per line,
both JSON. Runs until its stdin ends.

Plans are JSON too, and tests/systems/spark/plans.ts builds the same ones with Millrace:
  {"inline": {"columns": [names], "rows": [[SQL literals]]}} | {"range": n} | {"read": {"format", "path", "schema"?, "options"?}},
  each with "steps": [[name, …], …]
"""
import datetime, decimal, json, os, re, socket, sys, threading, time, traceback

os.environ["TZ"] = "UTC"
time.tzset()

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.java_gateway import ensure_callback_server_started
from pyspark.sql import SparkSession, Window, functions as F, types as T

scratch, address = sys.argv[1:]
os.mkdir(scratch + "/classes")
builder = SparkSession.builder.master("local[2]").appName("systems")
for key, value in {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.shuffle.partitions": "2",
    "spark.sql.session.timeZone": "UTC",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    # Queries are many and short, so code had better be compiled fast.
    "spark.driver.extraJavaOptions": "-Duser.timezone=UTC -Duser.language=en -XX:TieredStopAtLevel=1 -XX:+UseParallelGC",
    "spark.driver.extraClassPath": scratch + "/classes",
    "spark.driver.memory": "2g",
    "spark.sql.codegen.cache.maxEntries": "2000",
    "spark.sql.warehouse.dir": scratch + "/warehouse",
    "spark.local.dir": scratch,
    "spark.sql.streaming.stateStore.maintenanceInterval": "500ms",
    "spark.sql.timeType.enabled": "true",
    "spark.log.level": "OFF",
}.items():
    builder = builder.config(key, value)
first_session = builder.getOrCreate()
first_session.sparkContext.setLogLevel("OFF")


def use_local_files():
    """Lets Hadoop's local files be those of local-files.java, compiled by the compiler that Spark brings."""
    java = first_session._jvm.java
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "local-files.java")

    def files(paths):
        array = first_session.sparkContext._gateway.new_array(java.io.File, len(paths))
        for i, path in enumerate(paths):
            array[i] = java.io.File(path)
        return array

    compiler = first_session._jvm.org.codehaus.janino.Compiler()
    compiler.setDestinationDirectory(java.io.File(scratch + "/classes"), False)
    compiler.setClassPath(files(java.lang.System.getProperty("java.class.path").split(":")))
    compiler.compile(files([source]))
    hadoop = first_session.sparkContext._jsc.hadoopConfiguration()
    hadoop.set("fs.file.impl", "millrace.LocalFiles")
    hadoop.set("fs.AbstractFileSystem.file.impl", "millrace.LocalFiles$Context")
    first_session._jvm.org.apache.hadoop.fs.FileSystem.closeAll()  # so that none that is open is used again


use_local_files()

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


def build(spark, plan, streaming=False):
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
            right = build(spark, other)
            df = df.join(right, on if isinstance(on, list) else F.expr(on), how)
        elif name == "joinSelf":
            steps, on, how = args
            right = build(spark, {**plan, "steps": steps}, streaming)
            df = df.join(right, on if isinstance(on, list) else F.expr(on), how)
        elif name == "union":
            df = df.union(build(spark, args[0], streaming))
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


AT_ONCE = 20


def each_alone(source, expressions, failing, read):
    """What read gives for the column of each expression over source, or its error, as if each were selected alone.

    Many are selected together, which is faster by far. Those in failing are expected to fail, so they are tried alone at once, as
    are those of a selection that fails or is more than a projection (an aggregate or generator changes the rows of all).
    """
    results = {}
    base = source._jdf.queryExecution().analyzed()

    def ask(indexes):
        try:
            df = source.selectExpr(*(expressions[i] for i in indexes))
            if len(indexes) > 1:
                plan = df._jdf.queryExecution().analyzed()
                if plan.nodeName() != "Project" or not plan.child().equals(base) or len(df.columns) != len(indexes):
                    raise ValueError("not a projection with a column for each")
            results.update(zip(indexes, read(df, len(indexes))))
        except Exception as error:
            if len(indexes) == 1:
                results[indexes[0]] = failure(error)
            else:
                half = len(indexes) // 2
                ask(indexes[:half])
                ask(indexes[half:])

    hopeful = sorted({*range(len(expressions))} - {*failing})
    for start in range(0, len(hopeful), AT_ONCE):
        ask(hopeful[start : start + AT_ONCE])
    for i in failing:
        ask([i])
    return [results[i] for i in range(len(expressions))]


def tables(df, count):
    """A table for each of the columns of a frame; the frame whole if it is asked for one."""
    names, values = columns(df), rows(df)
    if count == 1:
        return [{"columns": names, "rows": values}]
    return [{"columns": [name], "rows": [[row[i]] for row in values]} for i, name in enumerate(names)]


def evaluate(spark, request):
    """Each expression over the rows of one relation: name, type and values, or the error."""
    spark.conf.set("spark.sql.session.timeZone", request["timeZone"])
    results = each_alone(build(spark, request["plan"]), request["expressions"], request["failing"], tables)
    spark.conf.set("spark.sql.session.timeZone", "UTC")
    return results


def run(spark, request):
    """A batch plan: its rows and what show and printSchema print."""
    df = build(spark, request["plan"])
    answer = {"columns": columns(df), "tree": df._jdf.schema().treeString()}
    answer["rows"] = rows(df)
    show = request.get("show")
    if show is not None:
        answer["show"] = df._jdf.showString(show["rows"], show["truncate"], show["vertical"])
    return answer


def write(spark, request):
    """Writes the rows of a plan; resolves to nothing."""
    for key, value in request.get("conf", {}).items():
        spark.conf.set(key, value)
    writer = build(spark, request["plan"]).write.format(request["format"]).options(**request.get("options", {}))
    try:
        writer.partitionBy(*request.get("partitionBy", [])).mode(request.get("mode", "overwrite")).save(request["path"])
    finally:
        for key in request.get("conf", {}):
            spark.conf.unset(key)
    return {}


def stream(spark, request):
    """A streaming query until everything is processed; with "collect" the rows of its batches."""
    for key, value in request.get("conf", {}).items():
        spark.conf.set(key, value)
    df = build(spark, request["plan"], streaming=True)
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


def slt(spark, request):
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
    cases = request["cases"]
    expressions = [i for i, case in enumerate(cases) if case["kind"] == "expression"]
    failing = [k for k, i in enumerate(expressions) if cases[i]["expected"][0].startswith("!")]
    one = spark.sql("SELECT 1 AS one")
    results = dict(zip(expressions, each_alone(one, [cases[i]["text"] for i in expressions], failing, tables)))
    for i, case in enumerate(cases):
        if case["kind"] == "program":
            try:
                df = eval(case["text"], dict(names))
                results[i] = {"columns": columns(df), "rows": rows(df)}
            except Exception as error:
                results[i] = failure(error)
    for key, _ in request["settings"]:
        spark.conf.unset(key)
    spark.conf.set("spark.sql.session.timeZone", "UTC")
    return [results[i] for i in range(len(cases))]


def types(spark, request):
    """The type of each expression over one row, or the class of its error; nothing is computed."""
    spark.conf.set("spark.sql.ansi.enabled", str(request["ansi"]).lower())
    source = spark.range(1).selectExpr(*request["columns"])
    names = lambda df, _: [field.dataType.simpleString() for field in df.schema.fields]
    answers = each_alone(source, request["expressions"], request["failing"], names)
    results = [each if isinstance(each, str) else "! " + each["error"] for each in answers]
    spark.conf.unset("spark.sql.ansi.enabled")
    return results


operations = {"types": types, "evaluate": evaluate, "run": run, "slt": slt, "stream": stream, "write": write}


def answer(spark, request):
    try:
        return {"value": operations[request["op"]](spark, request)}
    except (PySparkException, Py4JJavaError) as error:
        return {"value": failure(error)}
    except Exception:
        return {"crash": traceback.format_exc()}


def serve(connection):
    spark = first_session.newSession()
    SparkSession._get_j_spark_session_class(spark._jvm).setActiveSession(spark._jsparkSession)
    with connection, connection.makefile("r", encoding="utf-8") as requests:
        for line in requests:
            connection.sendall((json.dumps(answer(spark, json.loads(line))) + "\n").encode())


def accept(listener):
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=[connection], daemon=True).start()


ensure_callback_server_started(first_session.sparkContext._gateway)  # not by two queries at once
with socket.socket(socket.AF_UNIX) as listener:
    listener.bind(address)
    listener.listen()
    threading.Thread(target=accept, args=[listener], daemon=True).start()
    print("listening", flush=True)
    sys.stdin.read()
first_session.stop()
