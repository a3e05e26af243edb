"""A case through the watching agent: it runs while somebody edits, and its log must say the same."""
import json
import os
import shlex
import subprocess
import threading
import time

from .common import Failure
from .judge import SANITIZER, judge_common, judge_drift, judge_drifts, judge_errors, title
from .values import match, parse_json, shown

FIRST_SECONDS = 90   # until the first summary
SETTLE_SECONDS = 45  # until the expected lines are there
QUIET_SECONDS = 1.0  # for which nothing more may come
CLEAR_SECONDS = 30


class Watching:
    """The agent of one case."""

    def __init__(self, case, program):
        self.case, self.lines, self.problem = case, [], None
        self.changed = threading.Condition()
        self.stderr = os.path.join(case.work, "agent.stderr")
        config = os.path.join(case.work, "config.yaml")
        words = shlex.split("\n".join(case.lines("args") or []))
        command = [program, "agent", "--config", config, "--kubeconfig", case.cluster.kubeconfig,
                   "--namespace", case.name, "--state-dir", os.path.join(case.work, "agent-state"), *words]
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("KUBE", "XDG_"))}
        environment.update(HOME=case.home, TMPDIR=case.home)
        with open(self.stderr, "wb") as errors:
            self.child = subprocess.Popen(  # pylint: disable=consider-using-with
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, env=environment,
                start_new_session=True)
        case.groups.append(self.child.pid)
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        with open(os.path.join(self.case.work, "agent.log"), "wb") as log:
            for line in self.child.stdout:
                log.write(line)
                log.flush()
                with self.changed:
                    try:
                        self.lines.append(parse_json(line.decode("utf-8")))
                    except ValueError as error:
                        self.problem = f"the agent's log: {error}: {line[:200]!r}"
                    self.changed.notify_all()

    def wait(self, seconds, condition):
        end = time.monotonic() + seconds
        with self.changed:
            while not condition():
                left = end - time.monotonic()
                if left <= 0 or self.child.poll() is not None:
                    return condition()
                self.changed.wait(min(left, 0.5))
        return True

    def started(self):
        """Waits until everything was judged once."""
        ready = self.wait(FIRST_SECONDS, lambda: any(e["event"] == "summary" for e in self.lines))
        if not ready:
            raise Failure(f"the agent has no summary after {FIRST_SECONDS} s: {self.tail()}")

    def tail(self):
        with open(self.stderr, encoding="utf-8", errors="replace") as file:
            return "\n".join([*(json.dumps(line, default=str) for line in self.lines[-8:]), file.read()[-1500:]])

    def open(self):
        """What is open now, as the log tells it."""
        found = {}
        for line in self.lines:
            if line["event"] != "drift":
                continue
            if line["state"] == "cleared":
                found.pop(line["id"], None)
            else:
                found[line["id"]] = line
        return list(found.values())

    @staticmethod
    def as_diff(line):
        """A line as `diff` would tell it: what only a watch can know is taken out."""
        line = {**line, "state": "opened"}
        if line.get("since_kind") == "seen":
            line.update(since=None, since_kind=None)
        return line

    def errors(self, revision):
        return [line for line in self.lines if line["event"] == "error" and line["revision"] in (None, revision)]

    def judge(self, expected, errors, revision, never_so):
        """Complaints: the lines that are open in the end, and those taken back of which never_so() is true."""
        def all_there():
            now = [self.as_diff(line) for line in self.open()]
            missing, left_over = match(expected, now)
            seen = self.errors(revision)
            told = all(any(text in json.dumps(line, ensure_ascii=False, default=str) for line in seen) for text in errors or [])
            return not missing and not left_over and told
        self.wait(SETTLE_SECONDS, all_there)
        time.sleep(QUIET_SECONDS)  # nothing may follow
        with self.changed:
            now = [self.as_diff(line) for line in self.open()]
            complaints = [self.problem] if self.problem else []
            for line in self.lines:
                complaints += [f"{text}: {shown(line, 300)}" for text in judge_common(line)]
            for line in now:
                complaints += [f"{title(line)}: {text}" for text in judge_drift(line, line["source"], revision)
                               if "revision is" not in text]
            complaints += judge_drifts(expected, now)
            complaints += judge_errors(errors, self.errors(revision))
            complaints += self.judge_between(now, never_so)
        if self.child.poll() is not None:
            complaints.append(f"the agent ended with {self.child.poll()}: {self.tail()}")
        return [f"agent: {text}" for text in complaints]

    def judge_between(self, now, never_so):
        """Lines that came and went: true between two steps of what was done, or else one too many."""
        final = {line["id"] for line in now}
        return [f"told, and taken back: {shown(line, 900)}" for line in self.lines
                if line["event"] == "drift" and line["state"] == "opened" and line["id"] not in final
                and never_so(line)]

    def ids(self):
        return {line["id"] for line in self.open()}

    def judge_undone(self, before, diff):
        """
        The edit has been undone. Complaints: what is open that a run of `diff` does not tell (or the other way round),
        or, where `before` is known, was not open before the edit.
        """
        told, end = self.open(), time.monotonic() + CLEAR_SECONDS
        self.wait(CLEAR_SECONDS, lambda: self.ids() == before if before is not None else self.open() != told)
        time.sleep(QUIET_SECONDS)
        while (fresh := {line["id"] for line in diff()}) != self.ids() and time.monotonic() < end:
            time.sleep(0.2)
        lines = {line["id"]: line for line in self.open()}
        complaints = [f"agent: undone, and the agent {how} {id_}: {shown(lines.get(id_), 500)}"
                      for id_ in sorted(fresh ^ set(lines))
                      for how in [f"{'tells' if id_ in lines else 'does not tell'}, unlike diff,"]]
        return complaints + [f"agent: undone, and not cleared: {shown(lines[id_], 500)}"
                             for id_ in sorted(set(lines) - before if before is not None else ())]

    def end(self):
        """Ends it; complaints."""
        self.child.terminate()
        try:
            status = self.child.wait(15)
        except subprocess.TimeoutExpired:
            self.child.kill()
            status = None
        with open(self.stderr, "rb") as file:
            errors = file.read()
        complaints = [] if status == 0 else [f"agent: SIGTERM: it ended with {status}"]
        if SANITIZER.search(errors):
            complaints.append(f"agent: a sanitizer report: {errors[-3000:].decode(errors='replace')}")
        return complaints
