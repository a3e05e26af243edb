"""All cases."""
import concurrent.futures
import os
import shutil
import subprocess
import tempfile
import time
import traceback

import yaml

from .case import Case
from .cluster import Cluster
from .common import Failure, ROOT, say


def find_cases(folders, substring):
    found = []
    for folder in folders:
        folder = os.path.realpath(folder)
        if os.path.isdir(os.path.join(folder, "git")):
            found.append(folder)
        elif os.path.isdir(folder):
            found += [entry.path for entry in sorted(os.scandir(folder), key=lambda e: e.name)
                      if entry.is_dir() and not entry.name.startswith((".", "_"))]
        else:
            raise Failure(f"{folder}: no such folder")
    return [folder for folder in found if substring in os.path.basename(folder)]


class Results:
    """What all cases came to."""
    def __init__(self, also):
        self.passed = self.failed = self.undone = 0
        self.told = []  # what was said of those that failed
        self.caught = {name: [] for name in also}  # other program: the cases that fail with it
        self.parity = []

    def add(self, case, complaints):
        self.passed += not complaints
        self.failed += bool(complaints)
        self.told += complaints
        if case is not None:
            self.undone += case.undone
            self.parity += case.parity
            for name in case.caught:
                self.caught[name].append(case.name)


def run_one(folder, options, cluster, work):
    """The case, None when it is not one, and complaints."""
    start, case = time.monotonic(), None
    try:
        case = Case(folder, options, cluster, work)
        complaints = case.run()
    except (Failure, OSError, ValueError, subprocess.SubprocessError, yaml.YAMLError) as error:
        complaints = [f"{type(error).__name__ if not isinstance(error, Failure) else 'not run'}: {error}"]
    except Exception:  # pylint: disable=broad-except
        complaints = [traceback.format_exc()]
    name, seconds = os.path.basename(folder), time.monotonic() - start
    logs = os.path.join(work, name)
    if complaints:
        text = "\n".join("    " + line for c in complaints for line in c.split("\n"))
        where = f"\n    logs: {logs}" if os.path.isdir(logs) else ""
        text = f"FAILED {name} ({seconds:.1f} s)\n{text}{where}"
        say(text)
        return case, [text]
    if options.keep or options.scripts_only:
        say(f"passed {name} ({seconds:.1f} s), kept: {logs}")
    else:
        say(f"passed {name} ({seconds:.1f} s)")
        shutil.rmtree(logs, ignore_errors=True)
    return case, complaints


def run_all(options):
    results = Results(options.also)
    folders = find_cases(options.dir or [os.path.join(ROOT, "tests", "cases")], options.substring)
    names = [os.path.basename(folder) for folder in folders]
    twice = sorted({name for name in names if names.count(name) > 1})
    if not folders or twice:
        raise Failure("no case found" if not folders else f"several cases named {', '.join(twice)}")
    programs = [options.program, *options.also.values()]
    absent = [program for program in programs if not os.access(program, os.X_OK)]
    if not options.scripts_only and absent:
        raise Failure(f"{absent[0]} is not there; build it first")
    cluster = Cluster(names)
    say(f"Kubernetes {cluster.version}, {len(folders)} cases, {options.jobs} at a time")
    work = tempfile.mkdtemp(prefix="holdfast-cases.")
    if not options.scripts_only:  # a copy, for a build in the middle of the cases
        options.program = shutil.copy2(options.program, os.path.join(work, "holdfast"))
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for case, complaints in pool.map(lambda folder: run_one(folder, options, cluster, work), folders):
            results.add(case, complaints)
    complaints = [] if options.scripts_only else [f"FAILED {text}" for text in cluster.judge_audit()[:20]]
    for text in complaints:
        say(text)
    results.failed += bool(complaints)
    results.told += complaints
    if set(os.listdir(work)) <= {"holdfast"}:
        shutil.rmtree(work)
    return results
