"""The agent under ten edits and one commit a second: each drift is told once and cleared once, and what the agent holds
(memory, descriptors, children, stateDir) does not grow. `make soak`; SOAK_SECONDS is how long.

Each object that is changed is a slot with a switch: on, it differs, off, it does not. A slot is switched only when the
line of its last switch has come, so the lines that must come are known exactly, however slow the machine is."""
import collections
import concurrent.futures
import os
import random
import statistics
import sys
import threading
import time

import pytest

from support import ROOT, Repository

sys.path.insert(0, os.path.join(ROOT, "tests", "bench"))
import edits  # pylint: disable=wrong-import-position
import manifests  # pylint: disable=wrong-import-position
import testbed  # pylint: disable=wrong-import-position

LONG = float(os.environ.get("SOAK_SECONDS", "120"))
OBJECTS = 800
PREFIX = f"soak-{os.getpid()}"
EDITS, COMMITS = 10, 1  # a second
IN_FLIGHT = 16  # edits and commits
LINE_SECONDS = 60  # in which a line must come


class Slot:
    """One thing that is made to differ and put right again."""

    def __init__(self, key):
        self.key = key
        self.on, self.pending, self.since = False, None, None

    def switch(self):
        self.on = not self.on
        self.pending, self.since = "opened" if self.on else "cleared", None


class Patched(Slot):
    """By a hand, in the cluster."""

    def __init__(self, path, text):
        self.edit = edits.Edit(path, text)
        super().__init__(self.edit.key())

    def act(self, bed, connection):
        self.edit.make(bed, connection, self.on)


class Deleted(Slot):
    def __init__(self, path, text):
        kind, *where, _ = edits.Edit(path, text).key()
        super().__init__((kind, *where, None))
        self.path, self.text = path, text

    def act(self, bed, connection):
        if self.on:
            bed.ask(connection, "DELETE", self.path)
        else:
            bed.apply(connection, self.path, self.text)


class Committed(Slot):
    """In Git: a value of a file, which the cluster does not have."""

    def __init__(self, path, text, file, right, wrong):
        super().__init__(edits.Edit(path, text).key())
        self.file, self.texts = file, (right, wrong)

    def content(self):
        return self.texts[self.on]


def git_slots(by_file):
    for file, members in by_file.items():
        if not file.endswith("config.yaml"):
            continue
        path, text = members[0]
        whole = "---\n".join(text for _, text in members)
        was = f'BATCH_SIZE: "{edits.value_of(text, "BATCH_SIZE")}"'
        yield Committed(path, text, file, whole, whole.replace(was, 'BATCH_SIZE: "9"', 1))


def make_slots(objects):
    """Objects are changed either by hands (every fourth ConfigMap is deleted), or in Git: these are the last fifth."""
    cut = len(objects) * 4 // 5
    hands, by_file = [], collections.defaultdict(list)
    for file, path, text in objects[:cut]:
        if "/configmaps/" in path and int(path[-4:]) % 4 == 0:
            hands.append(Deleted(path, text))
        else:
            hands.append(Patched(path, text))
    for file, path, text in objects[cut:]:
        if file.rpartition("/")[0] != objects[cut - 1][0].rpartition("/")[0]:
            by_file[file].append((path, text))
    return hands, list(git_slots(by_file))


class Lines:
    """What the log says, beside what it must say."""

    def __init__(self, agent, slots):
        self.agent, self.at, self.faults, self.count = agent, len(agent.events), [], collections.Counter()
        self.slots = {slot.key: slot for slot in slots}
        self.took = []
        assert len(self.slots) == len(slots)

    def take(self):
        with self.agent.condition:
            new, self.at = self.agent.events[self.at:], len(self.agent.events)
        for event in new:
            self.count[event["event"]] += 1
            if event["event"] == "drift":
                self.drift(event)
            elif event["event"] == "error" or event["level"] != "info":
                self.faults.append(event)
        late = [s.key for s in self.slots.values() if s.pending and s.since and time.monotonic() - s.since > LINE_SECONDS]
        if late:
            raise AssertionError(f"no line in {LINE_SECONDS} s of {late[:5]}; the log:\n{self.agent.tail()}")
        assert not self.faults, self.faults[:5]
        assert self.agent.child.poll() is None, self.agent.tail()

    def drift(self, event):
        slot = self.slots.get(edits.key_of(event))
        if not slot or slot.pending != event["state"]:
            self.faults.append(event)
            return
        slot.pending = None
        self.took.append(time.monotonic() - slot.since if slot.since else 0)

    def pending(self):
        return sum(1 for s in self.slots.values() if s.pending)


class Sampler(threading.Thread):
    """What the process holds, each second."""

    def __init__(self, agent):
        super().__init__(daemon=True)
        self.pid, self.state, self.samples, self.zombies = agent.child.pid, os.path.join(agent.folder, "state"), [], []
        self.ended = threading.Event()

    def run(self):
        seen = collections.Counter()
        while not self.ended.wait(1):
            if not os.path.exists(f"/proc/{self.pid}"):
                return  # which fails the test elsewhere
            with open(f"/proc/{self.pid}/task/{self.pid}/children", encoding="utf-8") as file:
                children = {int(pid) for pid in file.read().split()}
            seen = collections.Counter({pid: seen[pid] + 1 for pid in children if self.is_zombie(pid)})
            self.zombies += [pid for pid, times in seen.items() if times == 5]  # not waited for in all that time
            files, size = self.state_size()
            self.samples.append({**testbed.memory(self.pid), "descriptors": len(os.listdir(f"/proc/{self.pid}/fd")),
                                 "children": len(children), "files": files, "state": size / 1024,
                                 "cpu": testbed.cpu_seconds(self.pid)})

    @staticmethod
    def is_zombie(pid):
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
                return file.read().rpartition(")")[2].split()[0] == "Z"
        except OSError:
            return False

    def state_size(self):
        """Files and bytes of stateDir, with those that have no name any more."""
        names = [os.path.join(folder, name) for folder, _, files in os.walk(self.state) for name in files]
        names += [f"/proc/{self.pid}/fd/{fd}" for fd in os.listdir(f"/proc/{self.pid}/fd")]
        files, size = 0, 0
        for name in names:
            try:
                if name.startswith("/proc/") and not os.readlink(name).startswith(self.state + "/#"):
                    continue
                size += os.stat(name).st_blocks * 512
                files += 1
            except OSError:
                pass  # it has gone meanwhile
        return files, size

    def quarters(self, name):
        n = len(self.samples) // 4
        return [[s[name] for s in self.samples[i * n:(i + 1) * n]] for i in range(4)]


@pytest.fixture
def soaked(agents, cluster, tmp_path):
    bed, repository = testbed.Cluster(), Repository(tmp_path / "repository")
    objects, _ = manifests.write_repository(repository.folder, OBJECTS, PREFIX)
    repository.git("config", "gc.auto", "0")
    bed.load(objects)
    a = agents({"sources": [{"name": "infra", "url": repository.url, "ref": "main", "interval": "1s"}]}, cluster.kubeconfig)
    assert a.wait(seconds=120, event="summary")["in_sync"] == OBJECTS, a.tail()
    return bed, repository, objects, a


class Driver:
    """Switches slots at their pace."""

    def __init__(self, bed, repository, lines, hands, git):
        self.bed, self.repository, self.lines, self.hands, self.git = bed, repository, lines, hands, git
        self.rng, self.local = random.Random(1), threading.local()
        self.pool = concurrent.futures.ThreadPoolExecutor(4)
        self.committer = concurrent.futures.ThreadPoolExecutor(1)
        self.running, self.edits, self.commits = [], 0, 0

    def edit(self, slot):
        if not hasattr(self.local, "connection"):
            self.local.connection = self.bed.connect()
        slot.act(self.bed, self.local.connection)
        slot.since = time.monotonic()

    def commit(self, slot):
        self.repository.commit({slot.file: slot.content()})
        slot.since = time.monotonic()

    def switch(self, slots, pool, how):
        """False: all of them wait for their line, or too much for the server."""
        free = [slot for slot in slots if not slot.pending] if len(self.running) < IN_FLIGHT else []
        if free:
            slot = self.rng.choice(free)
            slot.switch()
            self.running.append(pool.submit(how, slot))
        return bool(free)

    def settle(self):
        for one in [one for one in self.running if one.done()]:
            one.result()  # which raises what went wrong
            self.running.remove(one)
        self.lines.take()

    def drive(self, seconds):
        begin = time.monotonic()
        while time.monotonic() - begin < seconds:
            passed = time.monotonic() - begin
            if self.edits < passed * EDITS:
                self.edits += self.switch(self.hands, self.pool, self.edit)
            if self.commits < passed * COMMITS:
                self.commits += self.switch(self.git, self.committer, self.commit)
            self.settle()
            time.sleep(0.02)

    def end(self):
        """All is put right, and told."""
        left = self.hands + self.git
        while left or self.running or self.lines.pending():
            self.settle()
            for slot in [slot for slot in left if not slot.pending]:
                by_git = isinstance(slot, Committed)
                done = not slot.on or self.switch([slot], self.committer if by_git else self.pool,
                                                  self.commit if by_git else self.edit)
                if done:
                    left.remove(slot)
            time.sleep(0.05)


def grown(sampler, name, share, more):
    """A fault where the last quarter is above the second one by more than that share, and that much."""
    second, last = (statistics.median(sampler.quarters(name)[i]) for i in (1, 3))
    return [f"{name}: {second:.0f} in the second quarter, {last:.0f} in the last"] if last > second * (1 + share) + more else []


def table(sampler, driver, lines, seconds):
    yield f"soak of {seconds:.0f} s: {driver.edits} edits, {driver.commits} commits, lines {dict(lines.count)}"
    took = sorted(lines.took)
    yield f"switch to line: median {took[len(took) // 2]:.3f} s, 99 of 100 {took[len(took) * 99 // 100]:.3f} s"
    for name in ("RssAnon", "VmRSS", "descriptors", "children", "files", "state"):
        yield f"{name}: medians of quarters " + " ".join(f"{statistics.median(q):.0f}" for q in sampler.quarters(name))
    yield f"CPU {(sampler.samples[-1]['cpu'] - sampler.samples[0]['cpu']) / len(sampler.samples) * 100:.1f} % of a core"


def test_soak(soaked, holdfast, cluster, tmp_path):
    bed, repository, objects, a = soaked
    hands, git = make_slots(objects)
    lines, sampler = Lines(a, hands + git), Sampler(a)
    driver = Driver(bed, repository, lines, hands, git)
    sampler.start()
    begin = time.monotonic()
    driver.drive(LONG)
    sampler.ended.set()
    sampler.join()
    seconds = time.monotonic() - begin
    driver.end()
    print("\n" + "\n".join(table(sampler, driver, lines, seconds)))

    faults = grown(sampler, "RssAnon", 0.10, 512) + grown(sampler, "descriptors", 0, 4)
    faults += grown(sampler, "files", 0.25, 60) + grown(sampler, "state", 0.25, 4096)
    assert not faults, faults
    assert not sampler.zombies
    # a busy machine may lag behind
    assert driver.edits > 0.7 * LONG * EDITS and driver.commits > 0.7 * LONG * COMMITS, (driver.edits, driver.commits)
    status, out, errors = holdfast("diff", repository.url, "--ref", "main", "-o", "json", "--kubeconfig", cluster.kubeconfig,
                                   "--state-dir", tmp_path / "state")
    assert status == 0, out[-2000:] + errors
    assert a.stop() == 0
