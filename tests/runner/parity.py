"""Whether `kubectl diff --server-side` and holdfast name the same fields of an object.

A case may say in why.md or in a file `parity` why they do not, on a line `parity: REASON`: its objects on which they
disagree are then counted as excepted.
"""
import collections
import json
import os
import re
import shlex
import subprocess

import yaml

from .common import ROOT, SCRIPT_SECONDS, say
from .fields import meet, place_of, places, written
from .repository import manifests

SHOW = os.path.join(ROOT, "tests", "runner", "parity_show")
CUT = re.compile(rb"(?m)^---(?=[ \t\r\n]|\Z)[^\n]*\n?")
KIND = re.compile(rb"(?m)^[ \t]*\"?kind\"?[ \t]*:|[{,]\s*\"?kind\"?\s*:")
NOISE = {("metadata", name) for name in ("generation", "managedFields", "resourceVersion", "uid", "creationTimestamp")}
Outcome = collections.namedtuple("Outcome", "case object result reason")  # result: agree, excepted, disagree, refused


def documents(path):
    """The texts of a file's documents, each with the first line and the last."""
    with open(path, "rb") as file:
        data = file.read()
    starts = [0] + ([m.start() for m in CUT.finditer(data) if m.start()] if not path.endswith(".json") else [])
    for start, end in zip(starts, [*starts[1:], len(data)]):
        if KIND.search(data[start:end]):
            yield data[start:end], data.count(b"\n", 0, start) + 1, data.count(b"\n", 0, end) + 1


def identity(thing):
    metadata = thing.get("metadata", {})
    group = thing["apiVersion"].rpartition("/")[0]
    return group, thing["kind"], metadata.get("namespace"), metadata["name"]


def line_identity(line):
    thing = line.get("object") or {}
    return thing.get("group") or "", thing.get("kind"), thing.get("namespace"), thing.get("name")


def short_name(name):
    """As the object of a note or an error is named."""
    return f"{name[1]} {'/'.join(filter(None, name[2:]))}"


def compare(live, merged, lines, notes):
    """Result and reason for one object: lines are holdfast's drift lines for it, notes its notes."""
    verdicts = {line["verdict"] for line in lines} - {"drifted"}
    for verdict in ("terminating", "unknown"):
        if verdict in verdicts:
            return "excepted", verdict
    if live is None:
        return ("agree", "missing") if verdicts == {"missing"} else ("disagree", "it is not there; holdfast says "
                                                                     + (" ".join(sorted(verdicts)) or "nothing"))
    if verdicts:
        return "disagree", f"kubectl can compare it; holdfast says {' '.join(sorted(verdicts))}"
    ours = [(line, place_of(line["field"], live, merged)) for line in lines]
    theirs = [path for path in places(live, merged) if path not in NOISE]
    held = [path for path in theirs if path == ("spec", "replicas") and any("spec.replicas is held" in n for n in notes)]
    only_theirs = [written(path) for path in theirs
                   if path not in held and not any(meet(path, place) for _, place in ours)]
    only_ours = [line["field"] for line, place in ours
                 if line["class"] != "extra" and not any(meet(place, path) for path in theirs)]
    if only_theirs or only_ours:
        return "disagree", "; ".join(
            f"only {who}: {', '.join(fields)}" for who, fields in (("kubectl", only_theirs), ("holdfast", only_ours))
            if fields)
    if held:
        return "excepted", "spec.replicas is held by a scaler"
    return "agree", f"{len(theirs)} fields"


def ask_kubectl(document, namespace, manager):
    """What kubectl would change: pairs of objects; or why the server refuses."""
    command = ["kubectl", "diff", "--server-side", f"--field-manager={manager}", "--force-conflicts",
               "-n", namespace, "-f", "-"]
    done = subprocess.run(command, input=document, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                          timeout=SCRIPT_SECONDS, env={**os.environ, "KUBECTL_EXTERNAL_DIFF": SHOW})
    if done.returncode > 1:
        return None, done.stderr.decode(errors="replace").strip().split("\n")[-1]
    return [json.loads(line) for line in done.stdout.splitlines()], None


def reason_of(case):
    """Why the case says that the two differ."""
    for name in ("parity", "why.md"):
        for line in case.lines(name) or []:
            if line.startswith("parity: "):
                return line[len("parity: "):].strip()
    return None


def configured(case):
    """Folder of the source, and field manager, as the case's configuration has them."""
    with open(os.path.join(case.work, "config.yaml"), encoding="utf-8") as file:
        config = next(iter(yaml.safe_load_all(file)))
    words = shlex.split("\n".join(case.lines("args") or []))
    folder = config["sources"][0].get("path", "")
    for word, following in zip(words, [*words[1:], ""]):
        if word == "--path" or word.startswith("--path="):
            folder = word.partition("=")[2] or following
    return os.path.join(case.repository, folder), (config.get("kubernetes") or {}).get("fieldManager", "holdfast")


def judge_parity(case, lines):
    """Outcomes for the objects of the current commit: lines are all of holdfast's for this case."""
    folder, manager = configured(case)
    by_object, notes = collections.defaultdict(list), collections.defaultdict(list)
    errors = [line for line in lines if line.get("event") == "error"]
    for line in lines:
        if line.get("event") == "drift":
            by_object[line_identity(line)].append(line)
        elif line.get("event") == "note":
            notes[str(line.get("object"))].append(str(line.get("message")))
    excuse, outcomes = reason_of(case), []
    for path in manifests(folder):
        file = os.path.relpath(path, case.repository)
        for text, first, last in documents(path):
            answers, refusal = ask_kubectl(text, case.name, manager)
            if refusal is not None:
                told = any(line.get("event") in ("drift", "error") and line.get("file") == file for line in lines)
                outcomes.append(Outcome(case.name, f"{file}:{first}", "refused" if told else
                                        "excepted" if excuse else "disagree",
                                        refusal if told else f"{excuse or 'holdfast says nothing'} ({refusal})"))
            for answer in answers or []:
                name = identity(answer["merged"] or answer["live"])
                result, reason = compare(answer["live"], answer["merged"], by_object[name],
                                         notes[short_name(name)])
                if result == "disagree" and any(e.get("file") == file and (not e.get("line") or
                                                first <= e["line"] <= last) for e in errors):
                    result, reason = "excepted", "the manifest is in error: not compared"
                elif result == "disagree" and excuse:
                    result, reason = "excepted", f"{excuse} ({reason})"
                outcomes.append(Outcome(case.name, " ".join(filter(None, name)), result, reason))
    return outcomes


def close(outcomes, refused_too):
    """Says the figures; how many disagree."""
    compared = [o for o in outcomes if o.result != "refused"]
    for outcome in outcomes:
        if outcome.result in ("excepted", "disagree") or (refused_too and outcome.result == "refused"):
            say(f"parity: {outcome.result}: {outcome.case}: {outcome.object}: {outcome.reason}")
    count = collections.Counter(outcome.result for outcome in outcomes)
    say(f"{count['refused']} documents that the server refuses")
    say(f"{len(compared)} objects compared, {count['agree']} agree, {count['excepted']} excepted, "
        f"{count['disagree']} disagree")
    return count["disagree"]
