"""What does each mart cost beside SQL written by hand for DuckDB alone that gives the same answer?

    python -m benchmarks.marts --home /tmp/nexus-medium

Reads the build file of a finished run (it is not written). For each mart two times are taken, best of several, turn by turn:
ours, the compiled SQL of the mart and of every table it is made from, down to staging; and the query of ``marts_by_hand.sql``,
straight from staging. dbt itself (its start, its tests) is not in either. Both answers must be equal: rows and checksum.
``in a run`` counts a table that several marts share once, as a run does. Limit 2 times, aim 1.5; a mart that costs less than
0.1 s in all is told but not judged: it measures how long a statement takes to start.
"""

import argparse
import json
import re
import time
from pathlib import Path
from typing import Any

import duckdb

LIMIT, AIM, JUDGED_FROM = 2.0, 1.5, 0.1
BY_HAND = Path(__file__).with_name("marts_by_hand.sql")
_HEADS = re.compile(r"^-- (part|mart): (\w+)(?: uses ([\w ]+))?$", re.MULTILINE)


def by_hand() -> dict[str, str]:
    """Return the hand-written query of each mart, its parts put before it."""
    text = BY_HAND.read_text()
    heads = list(_HEADS.finditer(text))
    ends = [head.start() for head in heads[1:]] + [len(text)]
    bodies = {head[2]: (head[1], text[head.end() : end].strip(), (head[3] or "").split()) for head, end in zip(heads, ends, strict=True)}

    def parts(names: list[str], found: dict[str, str]) -> dict[str, str]:
        for name in names:
            if name not in found:
                parts(bodies[name][2], found)
                found[name] = bodies[name][1]
        return found

    queries = {}
    for name, (kind, body, uses) in bodies.items():
        if kind == "mart":
            pieces = ",\n".join(parts(uses, {}).values())
            own = body.removeprefix("with ") if body.startswith("with ") else f"answer as ({body})\nfrom answer"
            queries[name] = f"with recursive {pieces},\n{own}" if pieces else body
    return queries


def compiled(home: Path) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Return the compiled SQL of every model that is a table, and the models each is made from, itself included, first things first."""
    target = home / "dagster" / "dbt"
    nodes: dict[str, Any] = json.loads((target / "manifest.json").read_text())["nodes"]
    models = {key: node for key, node in nodes.items() if node["resource_type"] == "model"}
    if partly := [node["name"] for node in models.values() if node["config"]["materialized"] == "incremental"]:
        raise SystemExit(f"the compiled SQL of {', '.join(partly)} is an increment, not the whole: compile with a full refresh first")
    sql = {
        node["name"]: (target / "compiled" / node["package_name"] / node["original_file_path"]).read_text()
        for node in models.values()
        if node["config"]["materialized"] == "table"
    }

    def line(key: str, found: list[str]) -> list[str]:
        for parent in models[key]["depends_on"]["nodes"]:
            if parent in models and models[parent]["name"] not in found:
                line(parent, found)
        name = models[key]["name"]
        if name in sql and name not in found:
            found.append(name)
        return found

    return sql, {node["name"]: line(key, []) for key, node in models.items() if node["schema"] == "marts"}


def timed(connection: duckdb.DuckDBPyConnection, query: str) -> float:
    """Return the seconds that making a table of a query takes."""
    began = time.perf_counter()
    connection.execute(f"create or replace temp table made as {query}")
    return time.perf_counter() - began


def checksum(connection: duckdb.DuckDBPyConnection, mart: str, query: str | None) -> tuple[int, int]:
    """Return rows and checksum of a mart as built, or of a query's answer put into the mart's columns and types."""
    table = f"marts.{mart}"
    if query is not None:
        connection.execute(f"create or replace temp table answer as from {table} limit 0")
        connection.execute(f"insert into answer by name {query}")
        table = "answer"
    rows, total = connection.execute(f"select count(*), coalesce(sum(hash(t)::hugeint), 0) from {table} as t").fetchall()[0]
    return int(rows), int(total)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--only", default="", help="one mart")
    options = parser.parse_args()
    sql, lines = compiled(options.home)
    queries = by_hand()
    connection = duckdb.connect(str(options.home / "warehouse" / "build.duckdb"), read_only=True, config={"memory_limit": "4GB"})
    connection.execute("set TimeZone = 'UTC'")
    if connection.execute("select count(*) from staging.stg_hiring_log__applications").fetchall()[0][0]:
        raise SystemExit("this home holds imported logs, which the hand-written SQL leaves out: use a simulated one")
    marts = sorted(name for name in lines if name in queries and options.only in ("", name))
    ours: dict[str, float] = {}
    hand: dict[str, float] = {}
    for _ in range(options.repeat):
        for mart in marts:
            for name in lines[mart]:
                if name not in ours or name == mart:
                    ours[name] = min(ours.get(name, 1e9), timed(connection, sql[name]))
            hand[mart] = min(hand.get(mart, 1e9), timed(connection, queries[mart]))
        for name in {name for mart in marts for name in lines[mart]} - set(marts):
            ours[name] = min(ours[name], timed(connection, sql[name]))
    print(f"{'mart':24} {'rows':>10} {'ours s':>8} {'by hand s':>9} {'ratio':>6}  same answer")
    worst, wrong = 0.0, []
    for mart in marts:
        expected, found = checksum(connection, mart, None), checksum(connection, mart, queries[mart])
        seconds = sum(ours[name] for name in lines[mart])
        ratio = seconds / hand[mart]
        worst = max(worst, ratio if seconds >= JUDGED_FROM else 0.0)
        wrong += [mart] if expected != found else []
        print(
            f"{mart:24} {expected[0]:>10,} {seconds:8.3f} {hand[mart]:9.3f} {ratio:6.2f}  {'yes' if expected == found else f'NO {found}'}"
        )
    shared = sum(ours[name] for name in {name for mart in marts for name in lines[mart]})
    total = sum(hand.values())
    print(f"in a run, shared tables built once: {shared:.2f} s; all by hand: {total:.2f} s; ratio {shared / total:.2f}")
    print(f"worst mart {worst:.2f} times: {'within' if worst <= LIMIT else 'beyond'} the limit of {LIMIT}, aim {AIM}")
    if left_out := sorted(set(lines) - set(queries)):
        print(f"without a hand-written peer: {', '.join(left_out)}")
    if wrong:
        raise SystemExit(f"another answer by hand: {', '.join(wrong)}")


if __name__ == "__main__":
    main()
