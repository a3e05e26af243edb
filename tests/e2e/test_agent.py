"""The agent as a person runs it: drift opens, is updated, is cleared; commits, signals, errors."""
import fcntl
import json
import os
import signal
import struct
import subprocess
import termios
import time

import pytest

from support import (HOLDFAST, SECONDS, SLOWER, Repository, clean_environment, config_map, contains, deployment, run_crd,
                     without_times)


def field(name, **more):
    return {"field": name, **more}


def test_life_of_drift(agent, cluster, repository, namespace):
    cluster.apply([config_map("a", {"k": "1"}), config_map("b", {"k": "1"})], namespace)
    commit = repository.commit({"a.yaml": config_map("a", {"k": "1"}), "b.yaml": config_map("b", {"k": "1"})})
    a = agent()
    ready = a.ready("infra")
    assert contains(ready, {"objects": 2, "in_sync": 2, "revision": commit}), ready
    cluster.kubectl("patch", "configmap", "a", "-n", namespace, "--type=merge", "-p", '{"data":{"k":"2"}}')
    opened = a.drift(field="data.k", want="1", have="2", by="kubectl-patch", file="a.yaml", since_kind="at-or-before")
    cluster.kubectl("patch", "configmap", "a", "-n", namespace, "--type=merge", "-p", '{"data":{"k":"3"}}')
    updated = a.drift("updated", have="3")
    assert updated["id"] == opened["id"]
    cluster.apply(config_map("a", {"k": "1"}), namespace)
    cleared = a.drift("cleared", cleared="in sync")
    assert cleared["id"] == opened["id"]
    cluster.kubectl("delete", "configmap", "b", "-n", namespace)
    missing = a.drift(verdict="missing", since_kind="seen")
    cluster.apply(config_map("b", {"k": "1"}), namespace)
    assert a.drift("cleared")["id"] == missing["id"]
    assert a.stop() == 0
    assert len(a.seen(event="drift")) == 5, a.tail()
    assert not a.seen(event="error")


def test_commits(agent, cluster, repository, namespace):
    cluster.apply([config_map("a", {"k": "1"}), config_map("b", {"k": "1"})], namespace)
    repository.commit({"a.yaml": config_map("a", {"k": "1"}), "b.yaml": config_map("b", {"k": "1"})})
    a = agent()
    a.ready()
    second = repository.commit({"a.yaml": config_map("a", {"k": "2"})})
    moved = a.drift(field="data.k", want="2", have="1", revision=second)
    assert moved["by"] is None and moved["by_reason"] == "git-moved"
    repository.commit({"c.yaml": config_map("c", {"k": "1"})})
    a.drift(verdict="missing", object={"name": "c"})
    repository.commit({"a.yaml": None, "c.yaml": None})
    assert {a.drift("cleared", cleared="not in Git")["object"]["name"] for _ in range(2)} == {"a", "c"}
    third = repository.commit({"b.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b\n"})
    a.wait(event="error", revision=third, file="b.yaml")
    repository.commit({"b.yaml": config_map("b", {"k": "1"})})
    assert a.wait(event="summary", errors=0)["in_sync"] == 1


def test_what_cannot_be_read_is_not_gone(agent, cluster, repository, namespace):
    """A file that an error keeps from being read, and one that is gone, are told apart."""
    cluster.apply([config_map(name, {"k": "hand"}) for name in "ac"], namespace)
    repository.commit({"apps/a.yaml": config_map("a", {"k": "git"}), "more/c.yaml": config_map("c", {"k": "git"})})
    a = agent()
    assert {a.drift(field="data.k")["object"]["name"] for _ in range(2)} == {"a", "c"}
    repository.commit({"apps/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a\n"})
    assert a.drift("cleared")["cleared"] == "not compared"
    repository.commit({"more/c.yaml": None})
    cleared = a.drift("cleared")
    assert (cleared["object"]["name"], cleared["cleared"]) == ("c", "not in Git")
    repository.commit({"apps/a.yaml": config_map("a", {"k": "git"})})
    assert a.drift("opened")["object"]["name"] == "a"
    repository.commit({"apps/kustomization.yaml": "resources: [a.yaml]\n"})
    assert a.drift("cleared")["cleared"] == "not compared"


def test_the_first_manifest(agent, cluster, repository, namespace):
    repository.commit({"README": "nothing yet"})
    a = agent()
    assert contains(a.ready(), {"objects": 0, "notes": 1})
    cluster.apply(config_map("a", {"k": "1"}), namespace)
    repository.commit({"apps/a.yaml": "kind: ConfigMap\nmetadata: {name: a"})
    a.wait(event="summary", objects=0, errors=1)
    repository.commit({"apps/a.yaml": config_map("a", {"k": "1"})})
    a.wait(event="summary", objects=1, in_sync=1, errors=0, notes=0)
    assert not a.seen(event="note", level="warning")
    assert not [e for e in a.seen(event="note") if "failed" in e["message"]]


def test_a_cap_is_told_once(agent, cluster, repository, namespace):
    """What is read whole each interval, as something could not be read, says nothing new each time."""
    cluster.apply([config_map(name, {"k": "1"}) for name in "ab"], namespace)
    repository.commit({"a.yaml": [config_map(name, {"k": "1"}) for name in "ab"]})
    a = agent(limits={"objects": 1})
    a.wait(event="summary", objects=1, errors=1)
    time.sleep(4)
    assert len(a.seen(event="summary")) == 1, a.tail()
    cluster.patch_data(namespace, "a", {"k": "2"})
    a.drift(field="data.k")


def test_scaler_comes_and_goes(agent, cluster, repository, namespace):
    cluster.apply(deployment("web"), namespace)
    repository.commit({"web.yaml": deployment("web")})
    a = agent()
    a.ready()
    hpa = {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "web"},
           "spec": {"minReplicas": 3, "maxReplicas": 5,
                    "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}}}
    cluster.apply(hpa, namespace, manager="someone")
    a.wait(event="note", object=f"Deployment {namespace}/web",
           message="spec.replicas is held by HorizontalPodAutoscaler " + f"{namespace}/web: not compared")
    cluster.kubectl("wait", "deployment/web", "-n", namespace, "--for=jsonpath={.spec.replicas}=3", "--timeout=60s")
    cluster.kubectl("delete", "hpa", "web", "-n", namespace)
    a.drift(field="spec.replicas", want=1, have=3)
    assert len(a.seen(event="drift")) == 1, a.tail()


def test_kind_comes_and_goes(agent, cluster, repository, namespace):
    group = f"{namespace}.example"
    crd = run_crd(group)
    run = {"apiVersion": f"{group}/v1", "kind": "Run", "metadata": {"name": "one"}, "spec": {"steps": 3}}
    repository.commit({"crd.yaml": crd, "run.yaml": run})
    a = agent()
    assert {a.drift(verdict="missing")["object"]["kind"] for _ in range(2)} == {"Run", "CustomResourceDefinition"}
    cluster.apply(crd)
    try:
        cluster.established(f"runs.{group}")
        a.drift("cleared", object={"kind": "CustomResourceDefinition"})
        for _ in range(100):
            if cluster.kubectl("apply", "--server-side", "--field-manager=holdfast", "-n", namespace, "-f", "-",
                               data=run, check=False):
                break
        a.drift("cleared", object={"kind": "Run"}, seconds=60)
        cluster.kubectl("patch", f"runs.{group}", "one", "-n", namespace, "--type=merge", "-p", '{"spec":{"steps":4}}')
        a.drift(field="spec.steps", want=3, have=4)
    finally:
        cluster.kubectl("delete", "crd", f"runs.{group}")
    a.drift(verdict="missing", object={"kind": "Run"}, seconds=60)
    assert not a.seen(event="error"), a.tail()


def test_sources_that_share(agents, cluster, repository, namespace, tmp_path):
    other = Repository(tmp_path / "other")
    repository.commit({"a.yaml": config_map("a", {"k": "1"}), "b.yaml": config_map("b", {"k": "1"})})
    other.commit({"x.yaml": config_map("a", {"k": "2"})})
    cluster.apply([config_map("a", {"k": "1"}), config_map("b", {"k": "1"})], namespace)
    a = agents({"sources": [{"name": "one", "url": repository.url, "ref": "main", "interval": "1s"},
                            {"name": "two", "url": other.url, "ref": "main", "interval": "1s"}],
                "kubernetes": {"defaultNamespace": namespace}}, cluster.kubeconfig)
    a.wait(event="error", source="one", file="a.yaml",
           message="the source two declares this object too, at x.yaml:1: neither is compared; take it out of one of them")
    assert a.seen(event="error", source="two", file="x.yaml") or a.wait(event="error", source="two", file="x.yaml")
    other.commit({"x.yaml": None, "y.yaml": config_map("c", {"k": "2"})})
    a.drift(source="two", verdict="missing", object={"name": "c"})
    cluster.kubectl("patch", "configmap", "a", "-n", namespace, "--type=merge", "-p", '{"data":{"k":"9"}}')
    a.drift(source="one", field="data.k", want="1", have="9")


def test_git_that_cannot_be_read(agent, cluster, repository, namespace):
    cluster.apply(config_map("a", {"k": "1"}), namespace)
    repository.commit({"a.yaml": config_map("a", {"k": "1"})})
    a = agent()
    a.ready()
    os.rename(repository.folder, repository.folder + ".away")
    error = a.wait(event="error", source="infra")
    assert without_times(error["message"]) == (
        f"source infra: cannot read {repository.url}: No such file or directory; what was read at TIME is compared meanwhile")
    cluster.kubectl("patch", "configmap", "a", "-n", namespace, "--type=merge", "-p", '{"data":{"k":"2"}}')
    a.drift(field="data.k", have="2")
    os.rename(repository.folder + ".away", repository.folder)
    a.wait(event="note", message="the source can be read again")
    assert len(a.seen(event="error")) == 1


def test_hangup(agent, cluster, repository, namespace):
    cluster.apply(config_map("a", {"k": "1"}), namespace)
    repository.commit({"a.yaml": config_map("a", {"k": "2"}), "b/b.yaml": config_map("b", {"k": "2"})})
    a = agent()
    one, missing = sorted((a.drift() for _ in "xy"), key=lambda e: e["object"]["name"])  # told in any order
    assert contains(one, {"field": "data.k", "want": "2", "have": "1"}) and missing["verdict"] == "missing", a.tail()
    a.ready()
    a.configure("apiVersion: holdfast.dev/v1\nkind: Config\nsorces: []\n")
    a.signal(signal.SIGHUP)
    error = a.wait(event="error")
    assert "holdfast.yaml:3:1: sorces is not a setting (did you mean sources?)" in error["message"]
    assert error["message"].endswith("; the configuration from before stays in force")
    config = {"sources": [{"name": "infra", "url": repository.url, "ref": "main", "interval": "1s", "path": "b"}],
              "kubernetes": {"defaultNamespace": namespace}}
    a.configure(config)
    a.signal(signal.SIGHUP)
    a.wait(event="note", message="the configuration was read again")
    assert a.drift("cleared", cleared="not in Git")["id"] == one["id"]
    config["sources"][0]["name"] = "other"
    a.configure(config)
    a.signal(signal.SIGHUP)
    a.drift("cleared", cleared="not followed", source="infra")
    a.drift(verdict="missing", source="other")
    assert a.stop(2) == 0
    assert len(a.seen(event="drift", state="opened")) == 3, a.tail()


def test_hangup_keeps_what_stands(agents, cluster, repository, namespace):
    """Objects that a source shared are compared once it is gone; what was read stands while Git fails; a pause clears."""
    cluster.apply([config_map("one", {"k": "1"}), config_map("two", {"k": "1"})], namespace)
    repository.commit({"a/one.yaml": config_map("one", {"k": "1"}), "a/two.yaml": config_map("two", {"k": "1"}),
                       "b/one.yaml": config_map("one", {"k": "1"})})
    one, two = ({"name": name, "url": repository.url, "ref": "main", "path": name, "interval": "1s"} for name in "ab")
    config = {"sources": [one, two], "kubernetes": {"defaultNamespace": namespace}}
    a = agents(config, cluster.kubeconfig)
    a.wait(event="error", source="a", object="ConfigMap one")
    a.ready("b")

    def hang_up(**settings):
        a.configure({"sources": [{**one, **settings}], "kubernetes": {"defaultNamespace": namespace}})
        a.signal(signal.SIGHUP)
        a.wait(event="note", message="the configuration was read again")

    hang_up()
    cluster.patch_data(namespace, "one", {"k": "0"})
    assert a.drift(field="data.k", have="0")["object"]["name"] == "one"
    os.rename(repository.folder, repository.folder + ".away")
    a.wait(event="error", source="a")
    hang_up(interval="2s")
    a.wait(event="error", source="a")
    cluster.patch_data(namespace, "two", {"k": "2"})
    assert a.drift(field="data.k", have="2")["object"]["name"] == "two"
    os.rename(repository.folder + ".away", repository.folder)
    a.wait(event="note", message="the source can be read again")
    hang_up(mode="paused")
    assert {a.drift("cleared", cleared="paused")["object"]["name"] for _ in "xy"} == {"one", "two"}
    assert a.stop() == 0
    assert len(a.seen(event="drift")) == 4, a.tail()


def test_copies_of_what_is_not_followed_any_more(agents, cluster, repository, namespace, tmp_path):
    other = Repository(tmp_path / "other")
    repository.commit({"a.yaml": config_map("a", {"k": "1"})})
    other.commit({"b.yaml": config_map("b", {"k": "1"})})
    sources = [{"name": "one", "url": repository.url, "ref": "main"}, {"name": "two", "url": other.url, "ref": "main"}]
    config = {"sources": sources, "kubernetes": {"defaultNamespace": namespace}}
    a = agents(config, cluster.kubeconfig)
    for _ in sources:
        a.drift(verdict="missing")
    folder = os.path.join(a.folder, "state", "git")
    two = [name for name in os.listdir(folder) if not name.endswith(".lock")]
    assert len(two) == 2
    assert a.stop() == 0
    made = {name: os.stat(os.path.join(folder, name, "HEAD")).st_ino for name in two}
    a.configure({**config, "sources": sources[:1]})
    a.start()
    a.drift(verdict="missing", object={"name": "a"})
    left, = (name for name in os.listdir(folder) if not name.endswith(".lock"))
    assert os.stat(os.path.join(folder, left, "HEAD")).st_ino == made[left]
    assert sorted(os.listdir(folder)) == [left, left + ".lock"]


@pytest.mark.skipif(os.path.basename(HOLDFAST) == "under-valgrind", reason="it holds signals back while a write blocks")
def test_ends_though_nobody_reads_its_log(cluster, repository, tmp_path):
    """By its own hand: as the first process of a container no default action of a signal would end it."""
    repository.commit({f"{n}.yaml": "kind: ConfigMap\n" for n in range(100)})  # an error each: more than the pipe takes
    config = tmp_path / "holdfast.yaml"
    config.write_text(json.dumps({"apiVersion": "holdfast.dev/v1", "kind": "Config", "stateDir": str(tmp_path / "state"),
                                  "sources": [{"name": "s", "url": repository.url, "ref": "main"}],
                                  "kubernetes": {"kubeconfig": cluster.kubeconfig}}))
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    with subprocess.Popen([HOLDFAST, "agent", "--config", str(config)], stdout=writer, stderr=subprocess.DEVNULL,
                          env=clean_environment(tmp_path)) as child:
        os.close(writer)
        end = time.monotonic() + SECONDS
        while struct.unpack("i", fcntl.ioctl(reader, termios.FIONREAD, bytes(4)))[0] < 3500:  # no line fits any more
            assert time.monotonic() < end and child.poll() is None
            time.sleep(0.05)
        begun = time.monotonic()
        child.send_signal(signal.SIGTERM)
        try:
            assert child.wait(10 * SLOWER) == 2
        finally:
            child.kill()
        assert time.monotonic() - begun > 1.5  # it hung, or the test shows nothing
    os.close(reader)


def test_burst_is_one_line(agent, cluster, repository, namespace):
    cluster.apply(config_map("a", {"k": "0"}), namespace)
    repository.commit({"a.yaml": config_map("a", {"k": "0"})})
    a = agent()
    a.ready()
    began = time.monotonic()
    for i in range(1, 11):
        cluster.patch_data(namespace, "a", {"k": str(i)})
    cluster.patch_data(namespace, "a", {"k": "0"})
    cluster.patch_data(namespace, "a", {"k": "last"})
    event = a.wait(event="drift", field="data.k")
    if event["have"] != "last":
        event = a.drift("updated", have="last")
    seconds = int(time.monotonic() - began)  # a busy machine makes the burst a long one
    assert len(a.seen(event="drift")) <= 2 + seconds, a.tail()


def test_memo_spares_dry_runs(agent, cluster, repository, namespace):
    documents = [deployment(f"web{i}") for i in range(3)] + [config_map("a", {"k": "1"})]
    documents[0]["spec"]["template"]["spec"]["containers"][0]["resources"] = {"requests": {"memory": "1024Mi"}}
    cluster.apply(documents, namespace)
    for i in range(3):  # their controller annotates them once, which may change a verdict
        cluster.kubectl("wait", f"deployment/web{i}", "-n", namespace, "--timeout=60s",
                        r"--for=jsonpath={.metadata.annotations.deployment\.kubernetes\.io/revision}=1")
    repository.commit({"all.yaml": documents})
    a = agent()
    a.ready()
    a.stop()
    offset = cluster.audit_offset()
    a.start()
    a.ready()
    for _ in range(50):  # a busy server writes a line well behind its answer
        asked = [e for e in cluster.audit_since(offset) if f"/{namespace}/" in e["requestURI"]]
        verbs = sorted(e["verb"] for e in asked)
        if verbs.count("list") >= 3:
            break
        time.sleep(0.1)
    told = [(e["verb"], e["requestURI"], e["stage"], e["stageTimestamp"]) for e in asked]
    assert set(verbs) <= {"list", "watch"}, told
    assert verbs.count("list") == 3, f"{told}; {a.tail()}"  # Deployments, the ConfigMap, HorizontalPodAutoscalers


def test_scaler_comes_with_a_commit(agent, cluster, repository, namespace):
    cluster.apply(deployment("web", replicas=2), namespace)
    repository.commit({"web.yaml": deployment("web", replicas=2)})
    a = agent()
    a.ready()
    cluster.kubectl("scale", "deployment/web", "-n", namespace, "--replicas=5")
    drift = a.drift(field="spec.replicas", want=2, have=5)
    hpa = {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "web"},
           "spec": {"minReplicas": 2, "maxReplicas": 5,
                    "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}}}
    repository.commit({"hpa.yaml": hpa})
    assert a.drift("cleared")["id"] == drift["id"]
