"""Faults between the agent and the API server: it is right again by itself, asks little, and tells nothing false."""
import os
import random
import time

import pytest

from faults import CALM, DIFFERS, HAND, Scene, all_true, fake_clock
from support import SECONDS, SLOWER, config_map

HOLD = 5 * SLOWER  # seconds that a fault lasts at least
SCOPES = 4  # kinds that are listed and watched: ConfigMaps, Secrets, Deployments, HPAs
DURING = 100  # requests at once; and 3 each second for each scope

# The watches that go on are ended first, or met themselves (running), so that each kind of request comes.
RELIST = "expired verb=watch running"
ANSWERS = {
    "429": ["429"], "429-after": ["429 retry-after=1"], "429-now": ["429 retry-after=0"], "409": ["409"], "410": ["410"],
    "500": ["500"], "503": ["503"], "503-after": ["503 retry-after=1"], "403": ["403"],
    "html": ["html"], "json": ["json"], "type": ["type"],
    "watch-403": ["403 verb=watch"], "watch-404": ["404 verb=watch"], "watch-410": ["410 verb=watch"],
    "watch-429": ["429 verb=watch retry-after=0"], "watch-500": ["500 verb=watch"], "watch-html": ["html verb=watch"],
    "expired": ["expired verb=watch running"], "end": ["end verb=watch running"],
    "list-403": ["403 verb=list", RELIST], "list-410": ["410 verb=list", RELIST], "list-500": ["500 verb=list", RELIST],
    "ask-403": ["403 verb=patch,get"], "ask-409": ["409 verb=patch,get"], "ask-429": ["429 verb=patch,get"],
    "ask-500": ["500 verb=patch,get"], "ask-json": ["json verb=patch,get"], "apply-409": ["409 verb=patch"],
}
CONNECTIONS = {
    "cut": ["cut"], "cut-running": ["cut verb=watch running"], "cut-at-once": ["cut verb=watch running at=0"],
    "cut-lists": ["cut verb=list", RELIST], "cut-ask": ["cut verb=patch,get"],
    "tls-cut": ["tls-cut"], "tls-cut-running": ["tls-cut verb=watch running"],
    "tls-cut-lists": ["tls-cut verb=list", RELIST],
    "truncate": ["truncate"], "truncate-running": ["truncate verb=watch running"],
    "truncate-lists": ["truncate verb=list", RELIST],
    "stall": ["stall"], "stall-before": ["stall at=0"], "stall-running": ["stall verb=watch running"],
    "slow": ["slow ms=2 bytes=40"], "slow-running": ["slow ms=2 bytes=40 verb=watch running"],
    "refuse": "refuse", "deaf": "deaf",
}


def groups():
    """All faults of a kind at once; a few, where valgrind or a sanitizer makes each agent slow."""
    for name, faults in {"answers": ANSWERS, "connections": CONNECTIONS}.items():
        most = len(faults) if SLOWER == 1 else 7
        for at in range(0, len(faults), most):
            yield pytest.param(dict(list(faults.items())[at:at + most]), id=f"{name}-{at // most}" if at or SLOWER > 1 else name)


def begin(proxy, fault):
    """A fault begins; where it does not meet the watches that go on, these are cut."""
    if isinstance(fault, str):
        proxy.say(fault)
    else:
        for rule in fault:
            proxy.fault(rule)
    if isinstance(fault, str) or not any("running" in rule for rule in fault):
        proxy.say("cut")


def end(proxy, fault):
    proxy.clear()
    if isinstance(fault, str):
        proxy.say("accept")


@pytest.mark.parametrize("resident", [True, False], ids=["resident", "start"])
@pytest.mark.parametrize("faults", groups())
def test_right_again(agent, cluster, repository, namespace, proxies, faults, resident):
    """Each fault before an agent of its own: an edit, an edit undone and a deletion meanwhile are told when it ends."""
    scene = Scene(cluster, repository, namespace)
    doors = {name: proxies() for name in faults}

    def start():
        return {name: agent(CALM, kubeconfig=door.kubeconfig) for name, door in doors.items()}
    scene.unjudged = not resident
    agents = start() if resident else {}
    for one in agents.values():
        scene.settled(one, HAND)
    before = {name: door.requests() for name, door in doors.items()}
    began = time.monotonic()
    for name, door in doors.items():
        begin(door, faults[name])
    agents = agents or start()
    time.sleep(HOLD / 2)  # so long the fault lasts
    scene.edit("edited", "hand")
    scene.edit("undone", "git")
    scene.delete("deleted")
    time.sleep(HOLD / 2)
    most = DURING + SCOPES * 3 * (time.monotonic() - began)
    during = {name: door.requests() - before[name] for name, door in doors.items()}
    for name, door in doors.items():
        end(door, faults[name])
    all_true(scene, agents, doors)
    assert not [(name, count) for name, count in during.items() if count > most], most
    unhurt = [name for name, door in doors.items() if not door.counts()["faulted"] and not isinstance(faults[name], str)]
    assert not unhurt  # every fault was one


def test_http2(agent, cluster, repository, namespace, proxies):
    """What is no watch goes over HTTP/2, of which a proxy sees frames: they are cut, kept, slow; streams are reset."""
    scene = Scene(cluster, repository, namespace)
    faults = {"cut": "cut", "tls-cut": "tls-cut", "stall": "stall", "slow": "slow ms=1 bytes=50", "reset": "500",
              "goaway": "end"}
    doors = {name: proxies(h2=True) for name in faults}
    agents = {name: agent(CALM, kubeconfig=door.kubeconfig) for name, door in doors.items()}
    for one in agents.values():
        scene.settled(one, HAND)
    assert all(door.counts()["by"].get("h2", 0) > 5 for door in doors.values())
    for name, door in doors.items():
        door.fault(faults[name] + " verb=h2")
        door.fault("expired verb=watch running to=4")
        door.say("cut")
    scene.edit("edited", "hand")
    scene.edit("undone", "git")
    scene.delete("deleted")
    time.sleep(HOLD)  # so long the fault lasts
    for door in doors.values():
        door.clear()
    all_true(scene, agents, doors)


def test_http2_connection_that_stays_silent(agents, cluster, repository, namespace, proxies, tmp_path):
    """It is there and brings nothing any more, and others would: they are not put on it for ever. Time runs ten times as fast."""
    scene = Scene(cluster, repository, namespace)
    door = proxies(h2=True)
    _, environment = fake_clock(str(tmp_path / "clock"), f"+0 x{max(1, 10 / SLOWER):g}", steady=False)
    one = agents({"sources": [{"name": "infra", "url": repository.url, "ref": "main", **CALM}],
                  "kubernetes": {"defaultNamespace": namespace}}, door.kubeconfig, environment=environment)
    scene.settled(one, HAND)
    one.ready()
    door.fault("stall verb=h2 at=0 to=1")
    scene.edit("edited", "hand")
    one.drift(object={"name": "edited"}, field="data.k")
    scene.edit("undone", "git")
    scene.delete("deleted")
    scene.settled(one, DIFFERS)
    assert door.counts()["faulted"] and not one.seen(event="drift", verdict="unknown"), one.tail()


def test_random(agent, cluster, repository, namespace, proxies):
    """A fault for every third request, chosen by a seed, while somebody edits and edits back."""
    scene = Scene(cluster, repository, namespace)
    seeds = [int(word) for word in os.environ.get("FAULTS_SEEDS", "").split()] or random.sample(range(1 << 32), 6)
    print("seeds (FAULTS_SEEDS):", *seeds)
    doors = {seed: proxies() for seed in seeds}
    for seed, door in doors.items():
        door.say(f"random {seed} 33")
    agents = {seed: agent(CALM, kubeconfig=door.kubeconfig) for seed, door in doors.items()}
    for n in range(20):
        scene.edit("edited", f"hand {n}")
        if n % 5 == 0:
            for door in doors.values():
                door.say("cut")
        time.sleep(0.3)  # edits of some seconds
        scene.edit("undone", "git" if n % 2 else "hand")
    scene.delete("deleted")
    scene.edit("edited", "hand")
    for door in doors.values():
        door.clear()
    all_true(scene, agents, doors)


def test_deleted_while_it_is_read(agent, cluster, repository, namespace, proxies):
    """The answer to a GET says that it is there, and is late: the watch has told of its deletion."""
    repository.commit({"a.yaml": [config_map("a", {"k": "1"}), config_map("b", {"k": "1"})]})
    cluster.apply([config_map("a", {"k": "1"}), config_map("b", {"k": "1"})], namespace)
    door = proxies()
    one = agent(kubeconfig=door.kubeconfig)
    one.ready()
    cluster.apply(config_map("a", {"k": "2"}), namespace)
    one.drift()
    door.fault("delay ms=3000 verb=get name=a to=1")
    repository.commit({"a.yaml": [config_map("a", {"k": "2"}), config_map("b", {"k": "1"})]})
    end = time.monotonic() + SECONDS
    while not door.counts()["by"].get("get configmaps"):
        assert time.monotonic() < end
        time.sleep(0.05)
    status, answer = cluster.api("DELETE", f"/api/v1/namespaces/{namespace}/configmaps/a")
    assert status == 200, answer
    one.wait(event="drift", verdict="missing", object={"name": "a"})
    assert not one.seen(event="error")
