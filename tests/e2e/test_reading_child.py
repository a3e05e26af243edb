"""A reading child that does not end, or is ended: what the agent says of it, and that what it read before is compared
meanwhile. The faults that the child itself tells of are those of test_git_http.py and test_git_ssh.py."""
import os
import signal
import socket
import threading
import time

import pytest

from git_servers import Bare, WebServer
from relays import Relay
from support import SECONDS, Repository, config_map, without_times

DEADLINE = 120  # seconds of a read, of which a server that sends nothing gets a quarter
OLD = "; what was read at TIME is compared meanwhile"


class Gate(Relay):
    """Before the Git server; while it is shut, connections are taken and nothing more."""

    def __init__(self, port):
        self.behind, self.free = port, threading.Event()
        self.free.set()
        super().__init__()

    def serve(self, client):
        self.free.wait()
        self.join(client, socket.create_connection(("127.0.0.1", self.behind)))


def child_of(agent):
    """The reading child: an agent has no other one here."""
    path = f"/proc/{agent.child.pid}/task/{agent.child.pid}/children"
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        with open(path, encoding="utf-8") as file:
            pids = [int(pid) for pid in file.read().split()]
        for pid in pids:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                if b"read" in file.read().split(b"\0"):
                    return pid
        time.sleep(0.01)
    raise AssertionError("no reading child:\n" + agent.tail())


def is_gone(pid):
    """Neither runs nor waits to be waited for."""
    return not os.path.exists(f"/proc/{pid}")


@pytest.fixture
def gates(repository, tmp_path):
    """A function: gates before a server of the repository, which has one ConfigMap, by name."""
    repository.commit({"a.yaml": config_map("a", {"k": "1"})})
    Bare(repository, tmp_path / "served" / "a.git").push()
    server, made = WebServer(tmp_path / "web", tmp_path / "served"), {}

    def make(*names):
        made.update({name: Gate(server.port) for name in names})
        return made
    yield make
    for gate in made.values():
        gate.free.set()
        gate.__exit__()
    server.close()


def test_sources_of_which_one_is_late(agents, cluster, namespace, gates, tmp_path):
    """What it declares, too, is an error from the beginning, and not drift before; what never comes is not waited for."""
    cluster.apply(config_map("a", {"k": "9"}), namespace)
    other = Repository(tmp_path / "other")
    other.commit({"x.yaml": [config_map("a", {"k": "2"}), config_map("b", {"k": "2"})]})
    doors, started = gates("late", "never"), {}
    for name, door in doors.items():
        door.free.clear()
        url = f"http://127.0.0.1:{door.port}/git/a.git"
        started[name] = agents({"sources": [{"name": "one", "url": other.url, "ref": "main", "interval": "1s"},
                                            {"name": "two", "url": url, "ref": "main", "interval": "1s"}],
                                "kubernetes": {"defaultNamespace": namespace}}, cluster.kubeconfig)
    time.sleep(3)
    assert not any(one.seen(event="drift") for one in started.values())
    doors["late"].free.set()
    late, never = started["late"], started["never"]
    late.wait(event="error", source="one", file="x.yaml")
    late.drift(source="one", verdict="missing", object={"name": "b"})
    assert not late.seen(event="drift", object={"name": "a"}), late.tail()
    never.drift(source="one", object={"name": "a"}, field="data.k", want="2", have="9")


def test_reading_child(agents, cluster, namespace, gates):
    cluster.apply(config_map("a", {"k": "1"}), namespace)
    gates = gates("killed", "silent", "stopped")
    urls = {name: f"http://127.0.0.1:{gate.port}/git/a.git" for name, gate in gates.items()}
    started = {name: agents({"sources": [{"name": "infra", "url": url, "ref": "main", "interval": "1s"}],
                             "kubernetes": {"defaultNamespace": namespace}}, cluster.kubeconfig) for name, url in urls.items()}
    for one in started.values():
        one.ready()
    for gate in gates.values():
        gate.free.clear()
    # a look that got through before the gate was shut has ended by now
    time.sleep(1)
    killed, stopped = child_of(started["killed"]), child_of(started["stopped"])
    os.kill(stopped, signal.SIGSTOP)
    began = time.monotonic()
    os.kill(killed, signal.SIGKILL)
    said = {"killed": "the reading child: killed from outside (out of memory?)",
            "silent": f"{urls['silent']}: the server took the connection and then sent nothing for {DEADLINE // 4} s: see its own log",
            "stopped": "the reading child: not done within its deadline, killed"}
    for name, one in started.items():
        error = one.wait(event="error", seconds=DEADLINE + SECONDS)
        assert without_times(error["message"]) == f"source infra: {said[name]}{OLD}"
        assert error["source"] == "infra"
    assert time.monotonic() - began > DEADLINE - 5
    assert is_gone(killed) and is_gone(stopped)
    # what was read before is compared meanwhile
    cluster.kubectl("patch", "configmap", "a", "-n", namespace, "--type=merge", "-p", '{"data":{"k":"2"}}')
    for one in started.values():
        one.drift(field="data.k", want="1", have="2")
    for gate in gates.values():
        gate.free.set()
    for one in started.values():
        one.wait(event="note", message="the source can be read again", seconds=DEADLINE + SECONDS)
        assert not one.seen(event="drift", verdict="unknown") and one.child.poll() is None, one.tail()
