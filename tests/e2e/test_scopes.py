"""What is listed and watched: collections that cannot be listed, or only in part; scalers that are not known yet."""
import json
import os
import time

import pytest

from faults import CALM, fake_clock
from support import HOLDFAST, SLOWER, account_kubeconfig, config_map, deployment, run_crd


@pytest.fixture
def spaces(cluster, namespace):
    """Three more namespaces beside the test's own."""
    names = [f"{namespace}-{n}" for n in range(3)]
    for name in names:
        cluster.kubectl("create", "namespace", name)
    yield names
    cluster.kubectl("delete", "namespace", *names, "--wait=false")


def unknowns(agent):
    return [(e["object"]["name"], e["state"]) for e in agent.seen(event="drift", verdict="unknown")]


def test_listing_fails_and_reading_works(agent, cluster, repository, namespace, proxies):
    """Each object is told as unknown once, until the LIST works again; nobody reads it by itself meanwhile."""
    names = ["a", "b", "c"]
    cluster.apply([config_map(name, {"k": "1"}) for name in names], namespace)
    repository.commit({"all.yaml": [config_map(name, {"k": "1"}) for name in names]})
    door = proxies()
    door.fault("500 verb=list kind=configmaps")
    a = agent(kubeconfig=door.kubeconfig)
    for _ in names:
        a.drift(verdict="unknown")
    a.ready()
    time.sleep(8)  # a read would have been tried within five seconds
    repository.commit({"all.yaml": [config_map(name, {"k": "2"}) for name in [*names, "new"]]})
    a.drift(verdict="unknown", object={"name": "new"})
    time.sleep(8)
    assert sorted(unknowns(a)) == [(name, "opened") for name in [*names, "new"]], a.tail()
    assert "get configmaps" not in door.counts()["by"], door.tail()
    before = a.position
    door.clear()
    for _ in names:
        a.drift("cleared", verdict="unknown", seconds=60)
    a.position = before  # in any order
    a.drift("updated", verdict="missing", object={"name": "new"})
    assert {e["object"]["name"] for e in a.seen(event="drift", state="opened", field="data.k")} == set(names)


def test_second_of_a_kind(agent, cluster, repository, namespace, proxies):
    """The namespace is listed then, not the one object: where that fails once, its verdict stands."""
    cluster.apply([config_map("a", {"k": "2"}), config_map("b", {"k": "1"})], namespace)
    repository.commit({"a.yaml": config_map("a", {"k": "1"})})
    door = proxies()
    a = agent(kubeconfig=door.kubeconfig)
    a.ready()
    door.fault("500 verb=list kind=configmaps to=1")
    repository.commit({"b.yaml": config_map("b", {"k": "1"})})
    a.drift(verdict="unknown", object={"name": "b"})
    a.drift("cleared", verdict="unknown", object={"name": "b"})
    assert [(e["state"], e["verdict"]) for e in a.seen(event="drift", object={"name": "a"})] == [("opened", "drifted")], a.tail()


def test_denied_in_one_namespace(agents, cluster, repository, namespace, spaces, tmp_path):
    """By name where that is allowed and the objects are few; elsewhere nothing changes."""
    few, healthy, many = spaces
    names = {few: ["a", "b"], healthy: ["a", "b"], many: [f"c-{n}" for n in range(33)]}
    documents = [config_map(name, {"k": "1"}, namespace=space) for space, kept in names.items() for name in kept]
    cluster.apply(documents)
    repository.commit({"all.yaml": documents})
    cluster.kubectl("create", "serviceaccount", "looker", "-n", namespace)
    for space, rule in {few: {"resourceNames": ["a", "b"]}, healthy: {}}.items():
        cluster.apply([
            {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "looker", "namespace": space},
             "rules": [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list", "watch", "patch"], **rule}]},
            {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
             "metadata": {"name": "looker", "namespace": space},
             "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "looker"},
             "subjects": [{"kind": "ServiceAccount", "name": "looker", "namespace": namespace}]}])
    ours = account_kubeconfig(cluster, "looker", namespace, tmp_path)
    offset = cluster.audit_offset()
    a = agents({"sources": [{"name": "infra", "url": repository.url, "ref": "main", **CALM}]}, ours)
    a.ready()
    assert sorted(unknowns(a)) == sorted((name, "opened") for name in names[many]), a.tail()
    for space in (few, healthy):
        cluster.patch_data(space, "a", {"k": "2"})
        a.drift(field="data.k", object={"namespace": space, "name": "a"})
    asked = {space: [e["requestURI"] for e in cluster.audit_since(offset) if e["verb"] in ("list", "watch") and
                     e["objectRef"].get("namespace") == space] for space in names}
    assert [uri for uri in asked[healthy] if "fieldSelector" in uri] == []
    assert len([uri for uri in asked[healthy] if "watch=true" not in uri]) == 1, asked[healthy]
    assert [uri for uri in asked[many] if "fieldSelector" in uri] == []
    assert {"metadata.name%3Da", "metadata.name%3Db"} <= {uri.partition("fieldSelector=")[2].partition("&")[0]
                                                          for uri in asked[few]}


def test_denied_everywhere(agents, cluster, repository, namespace, spaces, tmp_path):
    """Few objects of each namespace, and many in all: not each gets a LIST of its own, for ever."""
    documents = [config_map(f"c-{n}", {"k": "1"}, namespace=space) for space in spaces for n in range(30)]
    documents += [{**d, "kind": "Secret", "type": "Opaque", "data": {}} for d in documents]
    repository.commit({"all.yaml": documents})
    cluster.kubectl("create", "serviceaccount", "looker", "-n", namespace)
    ours = account_kubeconfig(cluster, "looker", namespace, tmp_path)
    offset = cluster.audit_offset()
    a = agents({"sources": [{"name": "infra", "url": repository.url, "ref": "main", **CALM}]}, ours)
    a.ready()
    assert len(unknowns(a)) == len(documents), a.tail()
    uris = [e["requestURI"] for e in cluster.audit_since(offset) if e["verb"] in ("list", "watch")]
    assert 60 <= len([uri for uri in uris if "fieldSelector" in uri]) <= 128, len(uris)


def test_first_workload_waits_for_scalers(agent, cluster, repository, namespace, proxies):
    """A source of ConfigMaps gets a Deployment, whose HorizontalPodAutoscaler nobody had to know until then."""
    web = deployment("web", replicas=1)
    cluster.apply([config_map("a", {"k": "1"}), web], namespace)
    cluster.kubectl("scale", "deployment", "web", "--replicas=3", "-n", namespace)
    cluster.kubectl("autoscale", "deployment", "web", "--min=3", "--max=5", "--cpu=80%", "-n", namespace)
    repository.commit({"a.yaml": config_map("a", {"k": "1"})})
    door = proxies()
    door.fault("delay verb=list kind=horizontalpodautoscalers ms=2000")
    a = agent(kubeconfig=door.kubeconfig)
    a.ready()
    repository.commit({"web.yaml": web})
    a.ready()
    cluster.patch_data(namespace, "a", {"k": "2"})
    a.drift(field="data.k")
    assert not a.seen(event="drift", object={"name": "web"}), a.tail()
    # where another namespace gets its first one, too
    space = f"{namespace}-2"
    cluster.kubectl("create", "namespace", space)
    try:
        other = deployment("web", replicas=1, namespace=space)
        cluster.apply(other)
        cluster.kubectl("scale", "deployment", "web", "--replicas=3", "-n", space)
        cluster.kubectl("autoscale", "deployment", "web", "--min=3", "--max=5", "--cpu=80%", "-n", space)
        repository.commit({"other.yaml": other})
        a.ready()
        assert not a.seen(event="drift", object={"name": "web"}), a.tail()
    finally:
        cluster.kubectl("delete", "namespace", space, "--wait=false")


def test_kind_becomes_known(agent, cluster, repository, namespace):
    """Its API service does not answer at first, so that nobody can tell where its objects are."""
    group = f"{namespace}.example"
    service = {"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService", "metadata": {"name": f"v1.{group}"},
               "spec": {"group": group, "version": "v1", "groupPriorityMinimum": 100, "versionPriority": 1,
                        "insecureSkipTLSVerify": True, "service": {"name": "far", "namespace": namespace}}}
    run = {"apiVersion": f"{group}/v1", "kind": "Run", "metadata": {"name": "one"}}
    cluster.apply(service)
    try:
        repository.commit({"run.yaml": run})
        a = agent()
        opened = a.drift(verdict="unknown", object={"kind": "Run"}, seconds=60)
        assert opened["object"].get("namespace") is None
        cluster.apply(run_crd(group))
        cluster.established(f"runs.{group}")
        cluster.kubectl("delete", f"apiservice/v1.{group}")
        missing = a.drift(verdict="missing", object={"kind": "Run", "namespace": namespace}, seconds=90)
        assert missing["id"] != opened["id"]
        assert [e["id"] for e in a.seen(event="drift", state="cleared")] == [opened["id"]], a.tail()
    finally:
        cluster.kubectl("delete", f"apiservice/v1.{group}", f"crd/runs.{group}", "--ignore-not-found", "--wait=false", check=False)


def still_open(agent):
    ids = {}
    for e in agent.seen(event="drift", object={"kind": "Run"}):
        ids[e["id"]] = e["state"]
    return [one for one, state in ids.items() if state != "cleared"]


def test_scope_of_a_kind_changes(agent, cluster, repository, namespace):
    """A CRD is made anew for the whole cluster: what was told of the object in the namespace is taken back."""
    group = f"{namespace}.example"
    crd = run_crd(group)
    run = {"apiVersion": f"{group}/v1", "kind": "Run", "metadata": {"name": "one"}}
    cluster.apply(crd)
    try:
        cluster.established(f"runs.{group}")
        repository.commit({"crd.yaml": crd, "run.yaml": run})
        a = agent()
        missing = a.drift(verdict="missing", object={"kind": "Run", "namespace": namespace}, seconds=60)
        a.ready()
        crd["spec"]["scope"] = "Cluster"
        repository.commit({"crd.yaml": crd})
        cluster.kubectl("delete", f"crd/runs.{group}")
        cluster.apply(crd)
        cluster.established(f"runs.{group}")
        cluster.apply(run)
        end = time.monotonic() + 90
        while still_open(a) and time.monotonic() < end:
            time.sleep(0.5)
        assert not still_open(a), a.tail()
        assert a.seen(event="drift", state="cleared", verdict="missing", object={"kind": "Run"})[0]["id"] == missing["id"]
    finally:
        cluster.kubectl("delete", f"crd/runs.{group}", "--ignore-not-found", "--wait=false", check=False)


@pytest.mark.parametrize("manager", ["team a", "a+b"])
def test_name_of_the_field_manager(agent, cluster, repository, namespace, manager):
    """It is our own name, as it is written, in each dry run."""
    cluster.apply(config_map("a", {"k": "1", "old": "1"}), namespace, manager=manager)
    repository.commit({"a.yaml": config_map("a", {"k": "1"})})
    a = agent(kubernetes={"fieldManager": manager})
    a.drift(field="data.old", **{"class": "dropped"})
    a.ready()
    assert not a.seen(event="drift", verdict="unknown"), a.tail()


def test_watches_that_have_nothing_to_bring(agents, cluster, repository, namespace, proxies, tmp_path):
    """Kinds that are quiet for long are watched all the while, and nothing else is asked."""
    documents = [config_map(name, {"k": "1"}) for name in ("a", "b")] + [deployment(name, replicas=0) for name in ("a", "b")]
    cluster.apply(documents, namespace)
    repository.commit({"all.yaml": documents})
    door = proxies()
    _, environment = fake_clock(str(tmp_path / "clock"), f"+0 x{max(1, 10 / SLOWER):g}", steady=False)
    a = agents({"sources": [{"name": "infra", "url": repository.url, "ref": "main", **CALM}],
                "kubernetes": {"defaultNamespace": namespace}}, door.kubeconfig, environment=environment)
    a.ready()
    time.sleep(5)
    before = door.counts()["by"]
    time.sleep(45 * SLOWER)
    after = door.counts()["by"]
    changed = {what: count - before.get(what, 0) for what, count in after.items() if count != before.get(what, 0)}
    assert changed and all(what.startswith("watch ") for what in changed), changed
    # cut for silence each 90 to 120 seconds, ten times as fast, and one that finds out why there is nothing
    assert max(changed.values()) <= 8, changed
    assert not [e for e in a.seen(event="note") if "WATCH" in e["message"]], a.tail()
    cluster.patch_data(namespace, "a", {"k": "2"})
    a.drift(field="data.k", object={"name": "a"}, seconds=10 * SLOWER)


def test_watches_that_bring_nothing(agents, cluster, repository, namespace, proxies, tmp_path):
    """Something on the way keeps their bytes back: each minute a LIST tells what is so. Time runs ten times as fast."""
    cluster.apply([config_map(name, {"k": "1"}) for name in ("a", "b")], namespace)
    repository.commit({"all.yaml": [config_map(name, {"k": "1"}) for name in ("a", "b")]})
    door = proxies()
    door.fault("stall at=0 verb=watch")
    _, environment = fake_clock(str(tmp_path / "clock"), f"+0 x{max(1, 10 / SLOWER):g}", steady=False)
    a = agents({"sources": [{"name": "infra", "url": repository.url, "ref": "main", **CALM}],
                "kubernetes": {"defaultNamespace": namespace}}, door.kubeconfig, environment=environment)
    a.ready()
    cluster.patch_data(namespace, "a", {"k": "2"})
    a.wait(event="note", message=f"WATCH of /api/v1/namespaces/{namespace}/configmaps: not a byte of it comes, as if "
           "something on the way kept them back: it is listed each minute instead", seconds=60 * SLOWER)
    a.drift(field="data.k", object={"name": "a"}, seconds=30 * SLOWER)
    cluster.patch_data(namespace, "b", {"k": "2"})
    a.drift(field="data.k", object={"name": "b"}, seconds=30 * SLOWER)


def test_watches_that_get_no_connection(agents, cluster, repository, namespace, proxies, tmp_path):
    """LISTs go on over one that is kept: each minute, and it is said. Time runs ten times as fast."""
    cluster.apply([config_map(name, {"k": "1"}) for name in ("a", "b")], namespace)
    repository.commit({"all.yaml": [config_map(name, {"k": "1"}) for name in ("a", "b")]})
    door = proxies()
    _, environment = fake_clock(str(tmp_path / "clock"), f"+0 x{max(1, 10 / SLOWER):g}", steady=False)
    a = agents({"sources": [{"name": "infra", "url": repository.url, "ref": "main", **CALM}],
                "kubernetes": {"defaultNamespace": namespace}}, door.kubeconfig, environment=environment)
    a.ready()
    door.say("refuse")
    door.fault("end verb=watch running")
    note = a.wait(event="note", seconds=60 * SLOWER)
    assert note["message"].startswith(f"WATCH of /api/v1/namespaces/{namespace}/configmaps: "), note
    assert "cannot connect" in note["message"] and note["message"].endswith(": it is listed each minute instead"), note
    cluster.patch_data(namespace, "b", {"k": "2"})
    a.drift(field="data.k", object={"name": "b"}, seconds=30 * SLOWER)


@pytest.mark.skipif(os.path.basename(HOLDFAST) == "under-valgrind", reason="it lets no limit of open files be raised")
def test_few_open_files_at_first(agents, cluster, repository, namespace, tmp_path):
    """As a login shell allows, and more may be had: each watch has a connection of its own."""
    spaces = [f"{namespace}-{n}" for n in range(8)]
    program = tmp_path / "holdfast-few"
    program.write_text(f"#!/bin/sh\nulimit -Sn 20 && exec {HOLDFAST} \"$@\"\n", encoding="utf-8")
    program.chmod(0o755)
    documents = [{"apiVersion": "v1", "kind": kind, "metadata": {"name": "few", "namespace": space}, **more}
                 for space in spaces for kind, more in (("ServiceAccount", {}), ("ConfigMap", {"data": {"k": "1"}}),
                                                        ("Secret", {"type": "Opaque"}))]
    for space in spaces:
        cluster.kubectl("create", "namespace", space)
    try:
        cluster.apply(documents)
        repository.commit({"all.yaml": documents})
        a = agents({"sources": [{"name": "infra", "url": repository.url, "ref": "main", "interval": "1s"}]},
                   cluster.kubeconfig, program=str(program))
        a.ready()
        cluster.patch_data(spaces[-1], "few", {"k": "2"})
        a.drift(field="data.k", object={"namespace": spaces[-1]}, seconds=10 * SLOWER)
        repository.commit({"all.yaml": documents, "more.yaml": config_map("more", {"k": "1"}, namespace=spaces[0])})
        a.drift(verdict="missing", object={"name": "more"}, seconds=10 * SLOWER)
        assert not a.seen(event="error"), a.tail()
    finally:
        cluster.kubectl("delete", "namespace", *spaces, "--wait=false")


SCALERS = "verb=list kind=horizontalpodautoscalers"


def scaled(cluster, repository, namespace):
    """Git says one replica of web, and a HorizontalPodAutoscaler that Git does not name holds three."""
    web = deployment("web", replicas=1)
    cluster.apply(web, namespace)
    cluster.kubectl("scale", "deployment", "web", "--replicas=3", "-n", namespace)
    cluster.kubectl("autoscale", "deployment", "web", "--min=3", "--max=5", "--cpu=80%", "-n", namespace)
    repository.commit({"web.yaml": web})


@pytest.mark.parametrize("fault", ["500 to=1", "503 retry-after=0 to=6", "429 retry-after=0 to=6", "cut to=2", "cut at=0 to=6"])
def test_scalers_are_listed_a_little_later(agent, cluster, repository, holdfast, namespace, proxies, fault):
    """One LIST of theirs fails: nobody takes them for not there, neither the agent nor diff."""
    scaled(cluster, repository, namespace)
    doors = [proxies(), proxies()]
    for door in doors:
        door.fault(f"{fault} {SCALERS}")
    a = agent(kubeconfig=doors[0].kubeconfig)
    a.ready()
    assert not a.seen(event="drift"), a.tail()
    done = holdfast("diff", repository.folder, "--kubeconfig", doors[1].kubeconfig, "--namespace", namespace, "-o", "json")
    assert done[0] == 0, done
    assert all(door.counts()["faulted"] for door in doors)


def test_scalers_are_not_listed(agents, cluster, repository, holdfast, namespace, proxies, tmp_path):
    """It lasts: whether spec.replicas is theirs is unknown, and what else differs is told. Time runs ten times as fast."""
    scaled(cluster, repository, namespace)
    cluster.kubectl("label", "deployment/web", "by=hand", "-n", namespace)
    same = deployment("same", replicas=1)
    cluster.apply(same, namespace)
    repository.commit({"same.yaml": same})
    door = proxies()
    door.fault(f"500 {SCALERS}")
    status, out, err = holdfast("diff", repository.folder, "--kubeconfig", door.kubeconfig, "--namespace", namespace, "-o", "json")
    told = [json.loads(line) for line in out.splitlines()]
    found = [(e["object"]["name"], e["verdict"], e.get("field")) for e in told if e["event"] == "drift"]
    assert (status, sorted(found, key=str)) == (3, [("web", "drifted", "metadata.labels.by"), ("web", "unknown", None)]), (out, err)
    assert "spec.replicas" in out and "LIST of horizontalpodautoscalers" in out, out
    _, environment = fake_clock(str(tmp_path / "clock"), f"+0 x{max(1, 10 / SLOWER):g}", steady=False)
    a = agents({"sources": [{"name": "infra", "url": repository.url, "ref": "main", **CALM}],
                "kubernetes": {"defaultNamespace": namespace}}, door.kubeconfig, environment=environment)
    a.ready()
    assert unknowns(a) == [("web", "opened")], a.tail()
    door.clear()
    a.drift("cleared", verdict="unknown", object={"name": "web"})
    assert [e["field"] for e in a.seen(event="drift", verdict="drifted")] == ["metadata.labels.by"], a.tail()
