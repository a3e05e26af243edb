"""The agent over time: idle, stopped, killed, with a memo that is damaged."""
import os
import random
import signal
import time

from support import config_map, deployment

IDLE_SECONDS = 20


def in_sync(cluster, repository, namespace):
    documents = [config_map("a", {"k": "1"}), config_map("b", {"k": "1"}), deployment("web")]
    # another writing of the value than the server's: in sync, and not literally
    documents[2]["spec"]["template"]["spec"]["containers"][0]["resources"] = {"requests": {"memory": "1024Mi"}}
    cluster.apply(documents, namespace)
    cluster.kubectl("rollout", "status", "deployment/web", "-n", namespace, "--timeout=1s", check=False)
    repository.commit({"all.yaml": documents})


def test_idle_asks_nothing(agent, cluster, repository, namespace):
    in_sync(cluster, repository, namespace)
    a = agent()
    a.ready()
    offset = cluster.audit_offset()
    time.sleep(IDLE_SECONDS)  # what is tested is that nothing happens
    asked = [e for e in cluster.audit_since(offset)
             if f"/{namespace}/" in e["requestURI"] and e["verb"] != "watch"]
    assert not asked, [(e["verb"], e["requestURI"]) for e in asked]


def test_stopped_for_a_while(agent, cluster, repository, namespace):
    in_sync(cluster, repository, namespace)
    a = agent()
    a.ready()
    a.signal(signal.SIGSTOP)
    cluster.patch_data(namespace, "a", {"k": "2"})
    cluster.kubectl("delete", "configmap", "b", "-n", namespace)
    a.signal(signal.SIGCONT)
    assert {a.drift()["object"]["name"] for _ in range(2)} == {"a", "b"}
    assert not a.seen(event="error")


def test_killed(agent, cluster, repository, namespace):
    """Killed at any moment, the next start tells the same truth."""
    in_sync(cluster, repository, namespace)
    cluster.patch_data(namespace, "a", {"k": "2"})
    a = agent()
    first = a.drift(field="data.k", have="2")
    for _ in range(6):
        time.sleep(random.uniform(0.0, 0.4))  # any moment
        a.kill()
        a.start()
        assert a.drift(field="data.k", have="2")["id"] == first["id"]
        assert a.ready()["in_sync"] == 2
    assert {e["id"] for e in a.seen(event="drift")} == {first["id"]}
    assert not a.seen(event="error")


def test_damaged_memo(agent, cluster, repository, namespace):
    in_sync(cluster, repository, namespace)
    a = agent()
    a.ready()
    a.stop()
    memo = os.path.join(a.folder, "state", "memo")
    assert os.path.getsize(memo) > 16 + 32
    for position in (3, 20, 40):
        with open(memo, "r+b") as file:
            file.seek(position)
            byte = file.read(1)
            file.seek(position)
            file.write(bytes([byte[0] ^ 0x55]))
        a.start()
        a.wait(event="note", level="warning")
        assert a.ready()["in_sync"] == 3
        a.stop()
    assert not a.seen(event="drift")


def test_status_after_a_restart_asks_nothing(agent, cluster, repository, namespace):
    """What is in sync and written another way stays known over a restart, also when a controller writes its status."""
    in_sync(cluster, repository, namespace)
    a = agent()
    a.ready()
    a.stop()
    offset = cluster.audit_offset()
    a.start()
    a.ready()
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments/web"
    condition = {"type": "Tested", "status": "True", "reason": "Test", "message": "by a test"}
    status, answer = cluster.api("PATCH", path + "/status?fieldManager=tester", {"status": {"conditions": [condition]}})
    assert status == 200, answer
    cluster.api("PATCH", path + "?fieldManager=kubectl-patch", {"spec": {"paused": True}})
    a.drift(field="spec.paused")  # it came by the same watch, later
    cluster.api("PATCH", path + "?fieldManager=kubectl-patch", {"spec": {"paused": None}})
    a.drift("cleared", field="spec.paused")
    a.stop()
    asked = [e["requestReceivedTimestamp"] for e in cluster.audit_since(offset)
             if e["verb"] == "patch" and f"/{namespace}/" in e["requestURI"]]
    patched = [e["requestReceivedTimestamp"] for e in cluster.audit_since(offset, "test")
               if e["requestURI"].startswith(path + "?")]
    assert asked and min(asked) > min(patched), (asked, patched)
