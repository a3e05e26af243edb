"""What cannot be compared: errors of manifests, and objects that several sources declare."""
import json
import signal
import urllib.request

from faults import fake_clock, set_clock
from git_servers import free_port
from support import Repository, config_map, deployment

BAD = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: bad\n"


def source(name, repository, **more):
    return {"name": name, "url": repository.url, "ref": "main", "interval": "1s", **more}


def test_errors_last(agents, cluster, repository, namespace, tmp_path, holdfast):
    """Told again each hour, in /status meanwhile, and told as over."""
    other = Repository(tmp_path / "other")
    repository.commit({"bad.yaml": BAD, "a.yaml": config_map("a", {"k": "1"}), "b.yaml": config_map("b", {"k": "1"})})
    other.commit({"c.yaml": config_map("c", {"k": "1"})})
    cluster.apply([config_map(name, {"k": "1"}) for name in "abc"], namespace)
    address = f"127.0.0.1:{free_port()}"
    clock, environment = fake_clock(str(tmp_path / "clock"), "+0", steady=False)
    a = agents({"sources": [source("one", repository), source("two", other)], "http": {"listen": address},
                "kubernetes": {"defaultNamespace": namespace}}, cluster.kubeconfig, environment=environment)
    bad = a.wait(event="error", source="one", file="bad.yaml")
    a.wait(event="summary", source="one", errors=1)
    other.commit({"x.yaml": config_map("a", {"k": "1"})})
    shared = a.wait(event="error", source="one", file="a.yaml")
    a.wait(event="summary", source="one", errors=2, in_sync=1)  # though no commit of its own came
    with urllib.request.urlopen(f"http://{address}/status", timeout=30) as answer:
        one = json.load(answer)["sources"][0]
    assert {p["message"] for p in one["problems"]} == {bad["message"], shared["message"]}
    status, text, _ = holdfast("status", "--url", f"http://{address}")
    assert status == 3 and f"error: {bad['message']}" in text and f"ConfigMap a: {shared['message']}" in text, text
    set_clock(clock, "+2h")
    assert a.wait(event="error", file="bad.yaml", reminder=True)["message"] == bad["message"]
    a.wait(event="error", file="a.yaml", reminder=True)
    other.commit({"x.yaml": None})
    assert a.wait(event="note", source="one", file="a.yaml")["message"] == "over: " + shared["message"]
    a.wait(event="summary", source="one", errors=1, in_sync=2)
    repository.commit({"bad.yaml": None})
    assert a.wait(event="note", source="one", file="bad.yaml")["message"] == "over: " + bad["message"]
    a.wait(event="summary", source="one", errors=0)
    assert not a.seen(event="drift")


def test_only_manifest_broken(agent, cluster, repository):
    """It is there: nothing says that none is."""
    repository.commit({"bad.yaml": BAD})
    a = agent()
    a.wait(event="error", file="bad.yaml")
    assert a.ready()["notes"] == 0
    repository.commit({"bad.yaml": None})
    a.wait(event="note", file=".")


def test_summary_after_hangup(agents, cluster, repository, namespace):
    """One source waits for the copy that the other one reads, and what it had is compared meanwhile."""
    repository.commit({"one/a.yaml": config_map("a", {"k": "1"}), "two/b.yaml": config_map("b", {"k": "1"})})
    cluster.apply([config_map(name, {"k": "1"}) for name in "ab"], namespace)
    config = {"sources": [source(name, repository, path=name) for name in ("one", "two")],
              "kubernetes": {"defaultNamespace": namespace}}
    a = agents(config, cluster.kubeconfig)
    for name in ("one", "two"):
        a.wait(event="summary", source=name)
        a.position = 0
    for _ in range(3):
        a.position = len(a.events)
        a.signal(signal.SIGHUP)
        begin = a.wait(event="note", message="the configuration was read again") and a.position
        for name in ("one", "two"):
            a.position = begin
            assert a.wait(event="summary", source=name)["seconds"] < 30


def test_ignored_and_then_paused(agents, cluster, repository, namespace, holdfast):
    """What is not compared is in the count of the paused, and no longer in that of the ignored."""
    repository.commit({"a.yaml": config_map("a", {"k": "git"}), "b.yaml": config_map("b", {"k": "git"})})
    cluster.apply([config_map("a", {"k": "hand"}), config_map("b", {"k": "git"})], namespace)
    address = f"127.0.0.1:{free_port()}"
    rule = {"kind": "ConfigMap", "name": "*", "fields": ["data.k"]}
    a = agents({"sources": [source("one", repository, ignore=[rule])], "http": {"listen": address},
                "kubernetes": {"defaultNamespace": namespace}}, cluster.kubeconfig)
    assert a.ready()["ignored"] == 1
    repository.commit({"a.yaml": config_map("a", {"k": "git"}, annotations={"holdfast.dev/mode": "paused"})})
    summary = a.wait(event="summary", paused=1)
    assert (summary["ignored"], summary["in_sync"]) == (0, 1)
    status, text, _ = holdfast("status", "--url", f"http://{address}")
    assert status == 0 and "  2 objects, 1 in sync, 1 paused\n" in text, text


def test_moved_between_sources(agents, cluster, repository, namespace):
    """By one commit, of which the source that has it now hears first: nothing declares it twice."""
    one, other = config_map("a", {"k": "1"}), config_map("b", {"k": "1"})
    cluster.apply([one, other, config_map("c", {"k": "1"})], namespace)
    repository.commit({"one/a.yaml": one, "one/b.yaml": other, "two/c.yaml": config_map("c", {"k": "1"})})
    a = agents({"sources": [source("one", repository, path="one", interval="1h"), source("two", repository, path="two")],
                "kubernetes": {"defaultNamespace": namespace}}, cluster.kubeconfig)
    for name in ("one", "two"):
        a.position = 0
        a.wait(event="summary", source=name)
    commit = repository.commit({"one/a.yaml": None, "two/a.yaml": one})
    a.wait(event="summary", source="one", revision=commit, objects=1, in_sync=1)  # an hour before its time
    a.position = 0
    a.wait(event="summary", source="two", revision=commit, objects=2, in_sync=2)
    assert not a.seen(event="error") and not a.seen(event="drift"), a.tail()
    cluster.patch_data(namespace, "a", {"k": "2"})
    a.drift(source="two", object={"name": "a"})
    commit = repository.commit({"two/b.yaml": other})  # and now one does
    for name in ("one", "two"):
        a.position = 0
        a.wait(event="error", source=name, revision=commit, object="ConfigMap b")
    repository.commit({"two/c.yaml": config_map("c", {"k": "3"})})
    a.drift(object={"name": "c"})
    assert not a.seen(event="note", source="two", object="ConfigMap b"), a.tail()  # it is not over


def test_scaler_of_another_source(agents, cluster, repository, namespace, tmp_path):
    """It is in Git and not live: spec.replicas is its all the same."""
    other = Repository(tmp_path / "other")
    repository.commit({"web.yaml": deployment("web", replicas=2)})
    other.commit({"c.yaml": config_map("c", {"k": "1"})})
    cluster.apply([deployment("web", replicas=2), config_map("c", {"k": "1"})], namespace)
    a = agents({"sources": [source("apps", repository), source("scaling", other)],
                "kubernetes": {"defaultNamespace": namespace}}, cluster.kubeconfig)
    a.ready("apps")
    cluster.kubectl("scale", "deployment/web", "-n", namespace, "--replicas=4")
    opened = a.drift(source="apps", field="spec.replicas", want=2, have=4)
    hpa = {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "web"},
           "spec": {"minReplicas": 2, "maxReplicas": 5,
                    "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}}}
    other.commit({"hpa.yaml": hpa})
    cleared = a.drift("cleared", source="apps")
    assert (cleared["id"], cleared["cleared"]) == (opened["id"], f"held by HorizontalPodAutoscaler {namespace}/web")
    assert a.stop() == 0
    a.start()
    a.ready("apps")
    assert len(a.seen(event="drift", source="apps")) == 2, a.tail()
    other.commit({"hpa.yaml": None})
    a.drift(source="apps", field="spec.replicas", want=2, have=4)
