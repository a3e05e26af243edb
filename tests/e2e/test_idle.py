"""What an agent asks of a cluster of many objects while nothing happens, and when it starts again; the audit log is the
judge. `make idle` is the whole form: IDLE_OBJECTS of them, IDLE_SECONDS long, on a server of its own whose controllers
are ended first (IDLE_ALONE), as hundreds of autoscalers that are looked at each second leave it no time."""
import collections
import math
import os
import signal
import sys
import time

import pytest

from support import ROOT, Repository, account

sys.path.insert(0, os.path.join(ROOT, "tests", "bench"))
import manifests  # pylint: disable=wrong-import-position
import testbed  # pylint: disable=wrong-import-position

OBJECTS = int(os.environ.get("IDLE_OBJECTS", "1000"))
SECONDS = float(os.environ.get("IDLE_SECONDS", "30"))
DAY = 86400


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    """So many objects that are in sync, and that the controllers have done with."""
    found = Repository(tmp_path_factory.mktemp("idle") / "repository")
    bed = testbed.Cluster()
    objects, _ = manifests.write_repository(found.folder, OBJECTS, "idle")
    if os.environ.get("IDLE_ALONE"):
        os.kill(bed.pid("kube-controller-manager"), signal.SIGTERM)
    bed.load(objects)
    bed.rest("idle")
    return found


@pytest.fixture
def resident(agents, cluster, repository, tmp_path):
    """An agent with an account of its own, by which the audit log tells its requests from others', that has seen all."""
    user, kubeconfig = account(cluster, "idle", tmp_path)
    source = {"name": "infra", "url": repository.url, "ref": "main", "interval": "10s"}
    a = agents({"sources": [source]}, kubeconfig)
    a.user = user
    assert a.wait(seconds=120, event="summary")["in_sync"] == OBJECTS
    return a


def asked(cluster, offset, agent):
    """The events of requests of the agent that were begun behind the offset, one for each request."""
    with open(cluster.audit, "rb") as file:
        before = file.read(offset)
    events = {e["auditID"]: e for e in cluster.audit_since(offset) if e["user"]["username"] == agent.user}
    return [e for e in events.values() if e["auditID"].encode() not in before]


def paths(events, verb):
    return collections.Counter(e["requestURI"].partition("?")[0] for e in events if e["verb"] == verb)


def requests_of_start(cluster, offset, agent):
    """The requests of a start: all, once what was listed is watched, too."""
    end = time.monotonic() + 30
    while True:
        events = asked(cluster, offset, agent)
        if set(paths(events, "list")) <= set(paths(events, "watch")):
            return events
        assert time.monotonic() < end, "what was listed is not watched"
        time.sleep(0.2)


def test_restart_and_idle(cluster, resident):
    assert resident.stop() == 0
    offset = cluster.audit_offset()
    resident.start()
    assert resident.wait(seconds=60, event="summary")["in_sync"] == OBJECTS
    events = requests_of_start(cluster, offset, resident)
    lists, watches = paths(events, "list"), paths(events, "watch")
    rest = [(e["verb"], e["requestURI"]) for e in events if e["verb"] not in ("list", "watch")]
    # one LIST and one WATCH for each kind and scope; else what is asked of discovery
    told = [(e["verb"], e["requestURI"], e.get("responseStatus", {}).get("code"), e["requestReceivedTimestamp"],
             e["stageTimestamp"]) for e in events]
    assert lists and set(lists.values()) == {1}, told
    assert watches == lists, told
    assert {path.rpartition("/")[2] for path in lists} == {path.rpartition("/")[2] for path in manifests.LISTS}
    assert all(verb == "get" and uri.startswith(("/readyz", "/api", "/version")) and uri.count("/") <= 4 for verb, uri in rest), rest

    offset, begin = cluster.audit_offset(), time.monotonic()
    time.sleep(SECONDS)  # what is tested is that nothing happens
    passed = time.monotonic() - begin
    events = asked(cluster, offset, resident)
    dry = [e for e in events if e["verb"] == "patch" and "dryRun=All" in e["requestURI"]]
    other = [(e["verb"], e["requestURI"]) for e in events if e["verb"] != "watch" and e not in dry]
    assert not other, other
    assert len(dry) <= math.ceil(OBJECTS * passed / DAY), f"{len(dry)} dry runs in {passed:.0f} s"
    assert not resident.seen(event="drift")
    assert not resident.seen(event="error")
    print(f"\nidle: {OBJECTS} objects, {passed:.0f} s: {len(dry)} dry runs, {len(events) - len(dry)} watches begun anew, and "
          "no other request")
