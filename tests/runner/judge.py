"""Judging one run of the program."""
import os
import re

from .common import DIFF_SECONDS, Failure
from .values import differences, match, parse_json, shown

SANITIZER = re.compile(rb"(Address|Leak|Memory|Thread|UndefinedBehavior)Sanitizer|: runtime error: "
                       rb"|==\d+== *(Invalid|Conditional jump|Use of uninit)")
EVENTS = {"drift", "error", "note", "summary", "correct", "prune", "guard", "health"}
VERDICTS = {"drifted", "missing", "terminating", "blocked", "unknown", "orphan"}
CLASSES = {"changed", "extra", "dropped", "undeclared", "not-taken", "ignored"}
REASONS = {"immutable", "invalid", "denied", "guarded", "refused"}
BY_REASONS = {"removed", "deleted", "git-moved", "order", "no-entry", "other-version"}


def read_lines(path):
    """The expected lines of a file: none when there is no file."""
    if not os.path.exists(path):
        return []
    lines = []
    with open(path, encoding="utf-8") as file:
        for number_, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                value = parse_json(line)
            except ValueError as error:
                raise Failure(f"{os.path.basename(path)}:{number_}: {error}") from None
            if not isinstance(value, dict):
                raise Failure(f"{os.path.basename(path)}:{number_}: not an object")
            lines.append(value)
    return lines


def parse_output(data):
    """The program's JSON Lines, and complaints."""
    lines, complaints = [], []
    if data and not data.endswith(b"\n"):
        complaints.append("stdout: the last line has no end")
    for count, line in enumerate(data.splitlines(), 1):
        try:
            value = parse_json(line.decode("utf-8"))
            if not isinstance(value, dict):
                raise ValueError("not an object")
            lines.append(value)
        except ValueError as error:
            complaints.append(f"stdout:{count}: not JSON Lines ({error}): {line[:120]!r}")
    return lines, complaints


def judge_common(line):
    """What the report promises of every event."""
    for member in ("time", "level", "event", "source", "revision"):
        if member not in line:
            yield f"no member {member}"
    if line.get("event") not in EVENTS:
        yield f"no such event: {shown(line.get('event'))}"
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", str(line.get("time"))):
        yield f"time is not RFC 3339 with milliseconds in UTC: {shown(line.get('time'))}"


def judge_drift(line, source, revision):
    """What the report promises of every drift line of `holdfast diff`."""
    for member, allowed in (("state", {"opened"}), ("verdict", VERDICTS), ("source", {source}),
                            ("action", {"report", "correct", "none"})):
        if line.get(member) not in allowed:
            yield f"{member} is {shown(line.get(member))}, not one of {sorted(allowed)}"
    if revision and line.get("revision") != revision:
        yield f"revision is {shown(line.get('revision'))}, the commit is {revision}"
    if not re.fullmatch(r"[0-9a-f]{16}", str(line.get("id"))):
        yield f"id is not 16 hex digits: {shown(line.get('id'))}"
    for member in ("file", "line"):
        if member not in line:
            yield f"no member {member}"
    thing = line.get("object")
    for member in ("provider", "group", "kind", "namespace", "name"):
        if not isinstance(thing, dict) or (member not in thing and thing.get("provider") != "azure"):
            yield f"no member object.{member}"
    if line.get("verdict") == "drifted":
        yield from judge_field(line)
    else:
        yield from judge_whole(line)


def judge_field(line):
    if line.get("class") not in CLASSES:
        yield f"class is {shown(line.get('class'))}"
    if not line.get("field"):
        yield "a field that drifted without field"
    if line.get("class") == "ignored":
        yield "an ignored field was reported"
    if "by" not in line:
        yield "no member by"
    elif line["by"] is None and line.get("by_reason") not in BY_REASONS:
        yield f"by is null and by_reason is {shown(line.get('by_reason'))}"
    if line.get("since_kind") not in (None, "at-or-before"):
        yield f"since_kind is {shown(line['since_kind'])}"
    if (line.get("since") is None) != (line.get("since_kind") is None):
        yield "since and since_kind do not go together"


def judge_whole(line):
    if "field" in line or "class" in line:
        yield "a line for the whole object with field or class"
    if line.get("verdict") == "blocked":
        if line.get("reason") not in REASONS:
            yield f"reason is {shown(line.get('reason'))}"
        if not line.get("remedy"):
            yield "blocked, without remedy"
    if line.get("verdict") == "terminating" and not {"since", "finalizers"} <= line.keys():
        yield "terminating, without since and finalizers"


def strings(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list)):
        for part in value.values() if isinstance(value, dict) else value:
            yield from strings(part)


def title(line):
    thing = line.get("object") or {}
    name = "/".join(str(thing[k]) for k in ("namespace", "name") if thing.get(k))
    return f"{thing.get('kind')} {name} {line.get('field') or '(whole)'}: {line.get('verdict')}"


def judge_drifts(expected, reported):
    missing, left_over = match(expected, reported)
    for i in missing:
        yield f"expected, not reported: {shown(expected[i], 600)}"
        near = sorted((len(found), j, found) for j in left_over
                      for found in [differences(expected[i], reported[j])])
        if near:
            yield f"    the nearest, {title(reported[near[0][1]])}, differs in"
            yield from (f"        {text}" for text in near[0][2])
    for j in left_over:
        line = {k: v for k, v in reported[j].items()
                if k not in ("time", "level", "event", "source", "revision", "id", "state")}
        yield f"reported, not expected: {shown(line, 800)}"


def judge_errors(wanted, lines):
    """wanted: the substrings, None when no error may come."""
    events = [line for line in lines if line.get("event") == "error"]
    if wanted is None:
        yield from (f"an error event: {shown(line, 600)}" for line in events)
        return
    for text in wanted:
        if not any(text in part for line in events for part in strings(line)):
            yield f"no error event says {text!r}; there are: {[shown(e, 400) for e in events]}"


def judge_run(run, expected, errors, status):
    """Complaints of one run of the program: run has stdout, stderr, status, seconds, source, revision."""
    complaints = []
    if run.status is None:
        complaints.append(f"the program did not end within {DIFF_SECONDS} s")
    elif run.status < 0:
        complaints.append(f"the program died of signal {-run.status}")
    elif run.status != status:
        complaints.append(f"exit: expected {status}, got {run.status}")
    if SANITIZER.search(run.stderr):
        complaints.append("a sanitizer report on stderr")
    lines, found = parse_output(run.stdout)
    complaints += found
    drifts = [line for line in lines if line.get("event") == "drift"]
    for line in lines:
        complaints += [f"{text}: {shown(line, 300)}" for text in judge_common(line)]
    for line in drifts:
        complaints += [f"{title(line)}: {text}" for text in judge_drift(line, run.source, run.revision)]
    ids = [line.get("id") for line in drifts]
    complaints += [f"id {i} on several lines" for i in sorted({str(i) for i in ids if ids.count(i) > 1})]
    complaints += judge_drifts(expected, drifts)
    complaints += judge_errors(errors, lines)
    return complaints


def default_exit(expected):
    if any(line.get("verdict") in ("blocked", "unknown") for line in expected):
        return 3
    return 1 if expected else 0
