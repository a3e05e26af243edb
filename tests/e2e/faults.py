"""The fault proxy of tests/cluster, and what the tests of faults ask of an agent behind it."""
import glob
import json
import os
import re
import subprocess
import time

from support import ROOT, SLOWER, config_map, deployment

CALM = {"interval": "1h"}  # Git is not what is tested
SOON = 60 * SLOWER  # seconds in which all must be right again
AFTER = 100  # requests until then
HAND = {("ConfigMap", "undone", "drifted"): "hand"}  # what a Scene begins with
DIFFERS = {("ConfigMap", "edited", "drifted"): "hand", ("ConfigMap", "deleted", "missing"): None}  # what most end with
PROGRAM = os.environ.get("HOLDFAST_FAULTS") or os.path.join(ROOT, "build", "tests", "cluster", "faults")


class Faults:
    """A proxy before the API server, and a kubeconfig that leads through it."""

    def __init__(self, cluster, folder, h2=False):
        assert os.path.exists(PROGRAM), f"{PROGRAM} is missing: make {os.path.relpath(PROGRAM, ROOT)}"
        os.makedirs(folder, exist_ok=True)
        self.log = os.path.join(folder, "requests")
        words = [PROGRAM, "--server", cluster.server.rsplit(":", 1)[1], "--pki", os.path.join(cluster.folder, "pki"),
                 "--log", self.log, *(["--h2"] if h2 else [])]
        self.child = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        port = json.loads(self.child.stdout.readline())["port"]
        self.server = f"https://127.0.0.1:{port}"
        self.kubeconfig = os.path.join(folder, "kubeconfig")
        with open(cluster.kubeconfig, encoding="utf-8") as file:
            text = re.sub(r'server: "[^"]*"', f'server: "{self.server}"', file.read())
        with open(self.kubeconfig, "w", encoding="utf-8") as file:
            file.write(text)

    def say(self, command):
        self.child.stdin.write(command + "\n")
        self.child.stdin.flush()
        answer = self.child.stdout.readline().strip()
        assert answer and not answer.startswith("error"), f"{command}: {answer}"
        return answer

    def fault(self, text):
        return self.say("fault " + text)

    def clear(self):
        return self.say("clear")

    def counts(self):
        return json.loads(self.say("counts"))

    def requests(self):
        return self.counts()["requests"]

    def tail(self):
        with open(self.log, encoding="utf-8") as file:
            return "".join(file.readlines()[-40:])

    def close(self):
        self.child.stdin.close()
        self.child.wait(10)


def fake_clock(path, offset, steady=True):
    """An environment whose clock that file moves; else than for a machine that slept, the steady clock goes on."""
    library = glob.glob("/usr/lib/*/faketime/libfaketime.so.1")
    assert library, "libfaketime is missing (Debian: faketime)"
    set_clock(path, offset)
    kept = {"FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1"} if steady else {}
    sanitizer = os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"  # it is not loaded first then
    return path, {"ASAN_OPTIONS": sanitizer.lstrip(":"), "LD_PRELOAD": library[0], "FAKETIME_TIMESTAMP_FILE": path,
                  "FAKETIME_NO_CACHE": "1", **kept}


def set_clock(path, offset):
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.write(offset + "\n")
    os.replace(path + ".new", path)


class Scene:
    """Objects that agents behind several proxies look at: what is done to them, and what may be told of them."""

    def __init__(self, cluster, repository, namespace, still=3):
        self.cluster, self.repository, self.namespace = cluster, repository, namespace
        self.names = ["edited", "undone", "deleted"]
        self.documents = [config_map(name, {"k": "git"}) for name in self.names]
        self.documents += [config_map(f"still-{n}", {"k": "git"}) for n in range(still)]
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "still"}, "stringData": {"k": "git"}}
        web = deployment("still", replicas=0)
        # another writing of the value than the server's: in sync, and the server must be asked
        web["spec"]["template"]["spec"]["containers"][0]["resources"] = {"requests": {"memory": "1024Mi"}}
        self.documents += [secret, web]
        cluster.apply(self.documents, namespace)
        repository.commit({"all.yaml": self.documents})
        self.values = {"edited": set(), "undone": set()}  # all that was there and is not Git's
        self.gone = set()
        self.unjudged = False  # the server may deny dry runs from the start: then it is said that none was made
        self.edit("undone", "hand")

    def edit(self, name, value):
        if value != "git":
            self.values[name].add(value)
        self.cluster.patch_data(self.namespace, name, {"k": value})

    def delete(self, name):
        self.gone.add(name)
        status, answer = self.cluster.api("DELETE", f"/api/v1/namespaces/{self.namespace}/configmaps/{name}")
        assert status == 200, answer

    def untrue(self, event):
        """Why this line of drift is false, or None. `unknown` must say what was in the way."""
        name, verdict = event["object"]["name"], event["verdict"]
        if verdict == "unknown":
            return None if event["state"] == "cleared" or event["message"] else "no reason"
        if event.get("unjudged") and verdict != "missing" and not self.unjudged:
            return "unjudged"
        if verdict == "missing":
            return None if name in self.gone else "it is there"
        if verdict != "drifted":
            return "no such verdict here"
        if event["field"] != "data.k" or event["object"]["kind"] != "ConfigMap":
            return "this field is as Git says"
        if event["state"] == "cleared":
            return None
        return None if event["have"] in self.values.get(name, ()) and event["want"] == "git" else "it was never so"

    def check(self, agent):
        """Nothing false in the whole log."""
        false = [(self.untrue(e), e) for e in agent.seen(event="drift") if self.untrue(e)]
        assert not false, false

    @staticmethod
    def open(agent):
        """What the log says is open: {(kind, name, verdict): value}."""
        found = {}
        for e in agent.seen(event="drift"):
            found[e["id"]] = (e["object"]["kind"], e["object"]["name"], e["verdict"]), e.get("have")
            if e["state"] == "cleared":
                del found[e["id"]]
        return dict(found.values())

    def settled(self, agent, wanted, seconds=SOON):
        """Waits until exactly this is open."""
        end = time.monotonic() + seconds
        with agent.condition:
            while (now := self.open(agent)) != wanted:
                left = end - time.monotonic()
                if left <= 0:
                    raise AssertionError(f"open is {now}, not {wanted}; the log:\n{agent.tail()}")
                agent.condition.wait(left)


def all_true(scene, agents, doors, wanted=None, seconds=SOON):
    """Each agent is right again, has told nothing false, and did not ask for it too often."""
    wrong, until = [], time.monotonic() + seconds
    before = {name: door.requests() for name, door in doors.items()}
    for name, one in agents.items():
        try:
            scene.settled(one, wanted or DIFFERS, max(1, until - time.monotonic()))
            scene.check(one)
            assert doors[name].requests() - before[name] <= AFTER, doors[name].counts()
        except AssertionError as error:
            wrong.append(f"{name}: {error}\n{doors[name].tail()}")
    assert not wrong, "\n\n".join(wrong)
