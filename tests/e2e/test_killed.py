"""Killed at any moment, the next start tells the truth: the same as `holdfast diff` of that moment does. Also where the
memo, or what is kept of the last read, is damaged or an old one, and where files that a kill leaves lie about in stateDir. `make killed` is the whole form:
KILLS so many, or as many as KILL_SECONDS allow; KILL_SEED is what chooses the moments (printed)."""
import concurrent.futures
import json
import os
import random
import signal
import sys
import time

import pytest

from support import ROOT, Repository, config_map, deployment

sys.path.insert(0, os.path.join(ROOT, "tests", "bench"))
import manifests  # pylint: disable=wrong-import-position
import testbed  # pylint: disable=wrong-import-position

KILLS = int(os.environ.get("KILLS", "12"))
SECONDS = float(os.environ.get("KILL_SECONDS", "60"))
SEED = int(os.environ.get("KILL_SEED") or time.time_ns() % 1000000)
OBJECTS, UNLIKE = 120, 20
PREFIX = f"killed-{os.getpid()}"
# As it is told, but for when and by which line of the log; a hidden value is another with the key of another stateDir.
MEMBERS = ("id", "object", "verdict", "class", "field", "want", "have", "by", "by_reason", "by_all", "reason", "file", "line",
           "revision", "unjudged")


def truth_of(event):
    found = {name: event[name] for name in MEMBERS if event.get(name) is not None}
    for side in ("want", "have"):
        if isinstance(found.get(side), dict) and "hidden" in found[side]:
            found[side] = "hidden"
    return found


def differing(told, truth):
    """What is told and is not so, and what is so and not told."""
    return [one for key, one in told.items() if truth.get(key) != one], [o for key, o in truth.items() if told.get(key) != o]


class Killed:
    """An agent whose life is short, and what happens meanwhile."""

    def __init__(self, agent, bed, repository, objects, namespace):
        self.agent, self.bed, self.repository, self.namespace = agent, bed, repository, namespace
        self.rng = random.Random(SEED)
        self.state = os.path.join(agent.folder, "state")
        self.maps = [path for _, path, _ in objects if "/configmaps/" in path]
        self.texts = {path: text for _, path, text in objects}
        self.connection, self.begin, self.files, self.commits = bed.connect(), 0, {}, 0
        self.hands = concurrent.futures.ThreadPoolExecutor(1)

    def start(self):
        """What is waited for is of this life."""
        self.begin = self.agent.position = len(self.agent.events)
        self.agent.start()

    def kill(self):
        """And what it had started ends by itself."""
        with open(f"/proc/{self.agent.child.pid}/task/{self.agent.child.pid}/children", encoding="utf-8") as file:
            children = file.read().split()
        if self.rng.random() < 0.3:  # asked to end, and sometimes killed while it keeps what it read
            self.agent.signal(signal.SIGTERM)
            time.sleep(self.rng.choice((0, 0.002, 0.01, 1)))
        self.agent.kill()
        end = time.monotonic() + 10
        while self.agent.ended is not self.agent.child or any(os.path.exists(f"/proc/{pid}") for pid in children):
            assert time.monotonic() < end, f"{children} go on"
            time.sleep(0.02)

    def edit(self):
        """Something that a hand does, or undoes."""
        path = self.rng.choice(self.maps)
        how = self.rng.randrange(4)
        if how == 0:
            self.bed.apply(self.connection, path, self.texts[path])
            return
        body = ({"data": {"BATCH_SIZE": str(self.rng.randrange(5))}},
                {"metadata": {"labels": {"by-hand": str(self.rng.randrange(5))}}},
                {"metadata": {"labels": {"by-hand": None}}})[how - 1]
        self.bed.ask(self.connection, "PATCH", path + "?fieldManager=kubectl-edit", json.dumps(body),
                     "application/merge-patch+json")

    def replace(self):
        """Away, and mostly back again."""
        path = self.rng.choice(self.maps)
        self.bed.ask(self.connection, "DELETE", path)
        if self.rng.random() < 0.7:
            self.bed.apply(self.connection, path, self.texts[path])
        else:
            self.maps.remove(path)

    def edits(self):
        for _ in range(4):
            self.edit()
        if self.rng.random() < 0.3 and len(self.maps) > 5:
            self.replace()

    def commit(self):
        self.commits += 1
        name = f"later/{self.rng.randrange(6)}.yaml"
        self.repository.commit({name: config_map(f"later-{name[6]}", {"k": str(self.commits)}, self.namespace)})

    def live_and_die(self):
        """One life, from a start or from where it stands, to a kill at a random moment."""
        how = self.rng.choice(("start", "first pass", "edits", "commit", "commit", "edits", "idle"))
        if how in ("start", "first pass"):
            self.kill()
            if how == "first pass" and os.path.exists(os.path.join(self.state, "memo")):
                os.remove(os.path.join(self.state, "memo"))
            self.start()
            time.sleep(self.rng.uniform(0, 1.2))
        else:
            work = self.hands.submit({"edits": self.edits, "commit": self.commit, "idle": lambda: None}[how])
            time.sleep(self.rng.uniform(0, 1.5 if how == "commit" else 0.6))
            self.kill()
            work.result()
            return how
        self.kill()
        return how

    def damage_file(self, name):
        path = os.path.join(self.state, name)
        data = bytearray()
        if os.path.exists(path):  # killed before it was made, it is not there
            with open(path, "rb") as file:
                data += file.read()
        before = self.files.setdefault(name, [])
        before.append(bytes(data))
        how = self.rng.choice(("flipped", "cut", "longer", "of before", "empty"))
        if how == "flipped" and data:
            for _ in range(self.rng.randrange(1, 6)):
                data[self.rng.randrange(len(data))] ^= 1 << self.rng.randrange(8)
        elif how == "cut" and data:
            del data[self.rng.randrange(len(data)):]
        elif how == "longer":
            data += self.rng.randbytes(self.rng.randrange(1, 200))
        elif how == "of before":
            data = self.rng.choice(before)
        else:
            data = b""
        with open(path, "wb") as file:
            file.write(data)
        return f"{name[:4]} {how}"

    def damage(self):
        """What a kill, a full disk or a bad one leaves."""
        kept = [name for name in os.listdir(self.state) if name.startswith("read-") and not name.endswith(".new")]
        done = ", ".join(self.damage_file(name) for name in sorted(self.rng.sample(["memo", *kept], self.rng.randint(1, 1 + len(kept)))))
        for name in ("memo.new", "spool.Ab3dEf", "hmac.key.new", *(name + ".new" for name in kept)):
            with open(os.path.join(self.state, name), "wb") as file:
                file.write(self.rng.randbytes(5000))
        for folder in os.listdir(os.path.join(self.state, "git")):
            packs = os.path.join(self.state, "git", folder, "objects", "pack")
            if os.path.isdir(packs):
                with open(os.path.join(packs, "pack_git2_0123456789abcdef"), "wb") as file:
                    file.write(self.rng.randbytes(5000))
        return done

    def told(self):
        """What is open by the log of this life."""
        found = {}
        with self.agent.condition:
            events = self.agent.events[self.begin:]
        for event in events:
            if event["event"] != "drift":
                continue
            if event["state"] == "cleared":
                found.pop(event["id"], None)  # or of the life before
            else:
                found[event["id"]] = truth_of(event)
        return found


@pytest.fixture
def killed(agents, cluster, namespace, tmp_path):
    bed, repository = testbed.Cluster(), Repository(tmp_path / "repository")
    objects, _ = manifests.write_repository(repository.folder, OBJECTS, PREFIX)
    bed.load(objects)
    # another writing of a value than the server's: the first pass has to ask
    unlike = [deployment(f"unlike-{n}", 0, namespace=namespace) for n in range(UNLIKE)]
    for one in unlike:
        one["spec"]["template"]["spec"]["containers"][0]["resources"] = {"requests": {"memory": "1024Mi"}}
    cluster.apply(unlike)
    repository.commit({"unlike.yaml": unlike})
    a = agents({"sources": [{"name": "infra", "url": repository.url, "ref": "main", "interval": "1s"}]}, cluster.kubeconfig)
    assert a.wait(seconds=120, event="summary")["in_sync"] == OBJECTS + UNLIKE, a.tail()
    return Killed(a, bed, repository, objects, namespace)


def test_killed_at_any_moment(killed, holdfast, tmp_path):
    print(f"\nKILL_SEED={SEED}")
    lives, end = [], time.monotonic() + SECONDS
    while len(lives) < KILLS and (time.monotonic() < end or len(lives) < 3):
        how = killed.live_and_die()
        damaged = killed.damage() if killed.rng.random() < 0.2 else ""
        lives.append(f"{how}, {damaged}" if damaged else how)
        killed.start()
        killed.agent.wait(event="summary")
        status, out, errors = holdfast("diff", "infra", "--config", killed.agent.config_file, "-o", "json", "--state-dir",
                                       tmp_path / "state")
        lines = [json.loads(line) for line in out.splitlines()]
        truth = {line["id"]: truth_of(line) for line in lines if line["event"] == "drift"}
        told = killed.told()
        assert status == (1 if truth else 0), out[-2000:] + errors
        assert told == truth, f"{len(lives)}. life ({lives[-1]}), KILL_SEED={SEED}: {differing(told, truth)}"
    killed.kill()
    for event in killed.agent.events:
        assert event["event"] != "error", event
        assert event["level"] == "info" or event["event"] == "drift" or "memo" in event["message"] or "of the last read" in event["message"], event
    print(f"killed {len(lives)} times; {len(truth)} differed at the end, {killed.commits} commits; " + "; ".join(
        f"{lives.count(how)} {how}" for how in sorted(set(lives))))
