"""Reads exports with the programs that people use and compares every cell with the facts.

argv: a folder with facts.jsonl, late.jsonl and points/*.tsv, as git gave them (points.jsonl lists those), and the exports: runs.* and series.*.
"""

import csv
import json
import math
import os
import re
import sqlite3
import sys
from datetime import datetime, timezone

import duckdb
import pandas as pd
import polars as pl
import pyarrow.parquet as pq

os.chdir(sys.argv[1])
INEXACT = 2**53


def lines(name):
    with open(name, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def unescape(name):
    known = {"\\\\": "\\", "\\t": "\t", "\\n": "\n", "\\r": "\r"}
    return re.sub(r"\\(?:u[0-9a-f]{4}|.)", lambda m: known.get(m[0]) or chr(int(m[0][2:], 16)), name)


def value_of(text):
    """A number as facts have it."""
    if text in ("NaN", "Infinity", "-Infinity"):
        return text
    if re.fullmatch(r"-?[0-9]+", text):
        return int(text) if abs(int(text)) <= INEXACT else text
    return float(text)


def points():
    out = []
    for about in lines("points.jsonl"):
        with open(about.pop("file"), newline="", encoding="utf-8") as file:
            rows = file.read().split("\n")[1:-1]
        for metric, step, seconds, value in (row.split("\t") for row in rows):
            point = {"metric": unescape(metric), "step": int(step) if step else None}
            point |= {"seconds": float(seconds) if seconds else None, "value": value_of(value)}
            out.append(about | point)
    return out


FACTS, LATE, POINTS = lines("facts.jsonl"), lines("late.jsonl"), points()


def number(value):
    """A fact's number as Python has it: int or float."""
    if isinstance(value, str):
        return float(value) if value in ("NaN", "Infinity", "-Infinity") else int(value)
    return value


def late_of(fact):
    return [late for late in LATE if late["target"] == fact["id"]]


def merged(fact, key):
    out = dict(fact.get(key, {}))
    for late in late_of(fact):
        out.update(late.get(key, {}))
    return out


METRICS = {"metrics." + name for fact in FACTS for name in merged(fact, "metrics")}

# What the test's own runs hold: which form the column of each param must take.
PARAMS = {
    "lr": lambda value: float(number(value)),
    "int": lambda value: number(value),
    "long": lambda value: number(value),
    "longer": str,
    "float_and_long": lambda value: repr(value) if isinstance(value, float) else str(value),
    "mixed": lambda value: json.dumps(value, ensure_ascii=False, separators=(",", ":")),
    "flag": lambda value: value,
    "list": lambda value: json.dumps(value, ensure_ascii=False, separators=(",", ":")),
}


def param(name, value):
    return None if value is None else PARAMS.get(name, lambda text: text)(value)


def metric(name, value):
    """Doubles but for the metrics that no double holds."""
    if value is None:
        return None
    if name == "long":
        return number(value)
    if name in ("longer", "float_and_long"):
        return str(value) if not isinstance(value, float) else repr(value)
    return float(number(value))


def expected(fact):
    row = {
        "id": fact["id"],
        "experiment": fact.get("name"),
        "experiment_id": fact.get("experiment"),
        "seed": fact.get("seed"),
        "status": fact["status"],
        "started": moment(fact["start"]),
        "ended": moment(fact["end"]),
        "time": moment(fact["time"]),
        "seconds": fact["seconds"],
        "exit": fact.get("exit"),
        "signal": fact.get("signal"),
        "commit": fact["commit"],
        "tree": fact["tree"],
        "dirty": fact["dirty"],
        "command": json.dumps(fact["command"], ensure_ascii=False, separators=(",", ":")),
        "late": len(late_of(fact)),
        "host": fact["host"],
        "plan": fact["plan"],
        "manual": fact.get("manual", False),
    }
    for name, value in merged(fact, "params").items():
        row["params." + name] = param(name, value)
    for name, value in merged(fact, "metrics").items():
        column = "metrics." + name
        row[column] = metric(name, value["final"])
        row[column + ".step"] = value.get("step")
        row[column + ".count"] = value["count"]
        for what in ("min", "max", "best"):
            of_metric = f"{column}.{what}"
            row[of_metric + ("#2" if of_metric in METRICS else "")] = metric(name, value.get(what))
    return row


def moment(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(timezone.utc)


def same(found, wanted):
    if wanted is None or found is None:
        return found is None and wanted is None
    if isinstance(wanted, float):
        if math.isnan(wanted):
            return isinstance(found, float) and math.isnan(found)
        return isinstance(found, float) and math.copysign(1, found) == math.copysign(1, wanted) and found == wanted
    if isinstance(wanted, datetime):
        return found == wanted
    return type(found) is type(wanted) and found == wanted


def compare(reader, rows, wanted, names=None):
    """Every wanted cell is there; every other column of its kind is empty."""
    assert len(rows) == len(wanted), f"{reader}: {len(rows)} rows for {len(wanted)}"
    for row, want in zip(rows, wanted):
        for name, value in want.items():
            assert name in row, f"{reader}: no column {name!r}"
            assert same(row[name], value), f"{reader}: {name!r} is {row[name]!r} and not {value!r}"
        for name, value in row.items():
            if name not in want and name.startswith(("params.", "metrics.")):
                assert value is None, f"{reader}: {name!r} is {value!r}, which no fact says"
    print(f"{reader}: {len(rows)} rows, {len(rows[0])} columns")


def python(value):
    """A scalar of pandas as Python has it. Only for frames whose missing values are not NaN."""
    if value is pd.NA or value is pd.NaT or value is None:
        return None
    if isinstance(value, pd.Timestamp):
        return value.to_pydatetime()
    return value.item() if hasattr(value, "item") else value


def parquet_rows(name):
    yield "pyarrow", pq.read_table(name).to_pylist()
    frame = pd.read_parquet(name, dtype_backend="pyarrow")
    columns = {column: [python(value) for value in frame[column].array] for column in frame}
    yield "pandas", [dict(zip(columns, row)) for row in zip(*columns.values())]
    yield "Polars", pl.read_parquet(name).to_dicts()
    result = duckdb.sql(f"SELECT * FROM '{name}'")
    yield "DuckDB", [dict(zip(result.columns, row)) for row in result.fetchall()]


def check_parquet():
    wanted = [expected(fact) for fact in FACTS]
    for reader, rows in parquet_rows("runs.parquet"):
        if reader == "DuckDB":
            # Its names know no case: the second of two that differ in nothing else is called name_1.
            rows = [{DUCKDB.get(name, name): value for name, value in row.items()} for row in rows]
        compare(reader + " Parquet", rows, wanted)
    # What a plain read_parquet gives is a float where an integer is missing somewhere; where none is, it is exact.
    frame = pd.read_parquet("runs.parquet")
    assert str(frame["started"].dtype) == "datetime64[ms, UTC]", frame["started"].dtype
    assert frame["params.int"].tolist() == [fact["params"]["int"] for fact in FACTS]
    about = pq.read_metadata("runs.parquet").metadata
    assert about[b"git-xp.table"] == b"runs" and b"params.mixed" in about[b"git-xp.json"], about


DUCKDB = {"params.lr_1": "params.lr", "params.LR_1": "params.LR"}


def csv_text(value):
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond // 1000:03}Z"
    return value if isinstance(value, str) else None


def check_csv():
    wanted = [expected(fact) for fact in FACTS]
    with open("runs.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, strict=True))
    pandas = pd.read_csv("runs.csv", dtype=str, keep_default_na=False, na_values=[], encoding="utf-8")
    polars = pl.read_csv("runs.csv", infer_schema=False).fill_null("")
    # Polars leaves doubled quotes in names as they are, though not in cells.
    polars = polars.rename({name: name.replace('""', '"') for name in polars.columns})
    duck = duckdb.sql("SELECT * FROM read_csv('runs.csv', all_varchar = true, header = true, delim = ',', quote = '\"', escape = '\"')")
    duck_rows = [{DUCKDB.get(name, name): value or "" for name, value in zip(duck.columns, row)} for row in duck.fetchall()]
    for reader, rows in (("csv", rows), ("pandas", pandas.to_dict("records")), ("Polars", polars.to_dicts()), ("DuckDB", duck_rows)):
        assert len(rows) == len(wanted), (reader, len(rows))
        for row, want in zip(rows, wanted):
            for name, value in want.items():
                found = row[name]
                text = csv_text(value)
                if text is not None:
                    assert found == text, f"{reader} CSV: {name!r} is {found!r} and not {text!r}"
                elif isinstance(value, int):
                    assert int(found) == value, f"{reader} CSV: {name!r} is {found!r} and not {value!r}"
                else:
                    assert same(float(found), value), f"{reader} CSV: {name!r} is {found!r} and not {value!r}"
        print(f"{reader} CSV: {len(rows)} rows")


def check_sqlite():
    db = sqlite3.connect("file:runs.sqlite?mode=ro", uri=True)
    db.row_factory = sqlite3.Row
    assert db.execute("PRAGMA user_version").fetchone()[0] == 1
    assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    assert db.execute("PRAGMA foreign_key_check").fetchall() == []
    rows = [dict(row) for row in db.execute("SELECT * FROM runs ORDER BY time, id")]
    assert [row["id"] for row in rows] == [fact["id"] for fact in FACTS]
    for row, fact in zip(rows, FACTS):
        for name, value in expected(fact).items():
            if name.startswith(("params.", "metrics.")):
                continue
            value = csv_text(value) if isinstance(value, datetime) else int(value) if isinstance(value, bool) else value
            assert same(row[name], value), f"SQLite: {name} is {row[name]!r} and not {value!r}"
        found = {p["name"]: (p["type"], p["value"]) for p in db.execute("SELECT * FROM params WHERE run = ?", (fact["id"],))}
        params = merged(fact, "params")
        assert found.keys() == params.keys()
        for name, value in params.items():
            assert same(sqlite_param(*found[name]), param_value(name, value)), (name, found[name], value)
        found = {m["name"]: m for m in db.execute("SELECT * FROM metrics WHERE run = ?", (fact["id"],))}
        metrics = merged(fact, "metrics")
        assert found.keys() == metrics.keys()
        for name, value in metrics.items():
            assert found[name]["step"] == value.get("step") and found[name]["count"] == value["count"]
            for column, key in (("final", "final"), ("min", "min"), ("max", "max"), ("best", "best")):
                wanted = value.get(key)
                if wanted is None:
                    assert found[name][column] is None
                else:
                    assert exactly(found[name][column]) == exactly(wanted), (name, column, found[name][column], wanted)
    assert [tuple(row) for row in db.execute("SELECT name FROM experiments")] == [("odd",)]
    print(f"sqlite3: {len(rows)} rows")


def exactly(value):
    """The same for all spellings of a number."""
    value = number(value)
    return "NaN" if value != value else value if value in (math.inf, -math.inf) else (value.as_integer_ratio())


def sqlite_param(kind, value):
    if kind == "float":
        return float(value)
    return {"integer": int, "boolean": bool, "json": json.loads}.get(kind, lambda same: same)(value)


def param_value(name, value):
    if isinstance(value, str) and (value in ("NaN", "Infinity", "-Infinity") or name in ("long", "longer", "float_and_long")):
        try:
            return number(value)
        except ValueError:
            return value
    return value


def check_series():
    def wanted(point):
        value = number(point["value"])
        is_exact = isinstance(value, float) or abs(value) <= INEXACT or int(float(value)) == value
        return {
            "run": point["run"],
            "experiment": point["experiment"],
            "seed": point["seed"],
            "metric": point["metric"],
            "step": point["step"],
            "seconds": point["seconds"],
            "value": float(value),
            "text": None if is_exact else str(value),
            "late": point["late"],
        }

    for reader, rows in parquet_rows("series.parquet"):
        compare(reader + " series", rows, [wanted(point) for point in POINTS])
    assert lines("series.jsonl") == POINTS
    with open("series.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, strict=True))
    for row, point in zip(rows, map(wanted, POINTS)):
        for name in ("run", "metric", "text", "late"):
            assert row[name] == (point[name] or ""), (name, row, point)
        assert same(float(row["value"]), point["value"])
    db = sqlite3.connect("file:series.sqlite?mode=ro", uri=True)
    rows = db.execute("SELECT run, metric, step, seconds, value, late FROM series ORDER BY rowid").fetchall()
    assert len(rows) == len(POINTS)
    for row, point in zip(rows, POINTS):
        assert row[:4] == tuple(point[name] for name in ("run", "metric", "step", "seconds")) and row[5] == point["late"]
        assert exactly(row[4]) == exactly(point["value"]), (row, point)
    # What people do with it.
    best = duckdb.sql("SELECT run, max(value) FROM 'series.parquet' WHERE metric = 'zero' OR metric = 'whole' GROUP BY run")
    assert best.fetchall() == [(FACTS[0]["id"], 1.0)]


def check_jsonl():
    facts = [line["fact"] for line in lines("runs.jsonl")]
    assert facts == FACTS
    with open("runs.jsonl", encoding="utf-8") as found, open("facts.jsonl", encoding="utf-8") as wanted:
        for one, other in zip(found, wanted):
            assert one.startswith('{"fact":' + other.rstrip("\n") + ',"late":['), "a fact was written anew"
    frame = pl.read_ndjson("series.jsonl", infer_schema_length=None)
    assert frame.height == len(POINTS)


check_parquet()
check_csv()
check_sqlite()
check_jsonl()
check_series()
