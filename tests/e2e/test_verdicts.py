"""Verdicts over time: what comes again, what cannot be asked for a while, what is judged anew each day."""
import json
import os
import sys
import threading
import time

from faults import CALM, fake_clock, set_clock
from support import ROOT, SLOWER, config_map, deployment, run_crd

sys.path.insert(0, os.path.join(ROOT, "tests", "bench"))
import testbed  # pylint: disable=wrong-import-position


def test_the_same_drift_again(agent, cluster, repository, namespace):
    """By one that is no hand, of whose entry in managedFields nothing tells the two times apart."""
    cluster.apply(config_map("a", {"k": "1"}), namespace)
    repository.commit({"a.yaml": config_map("a", {"k": "1"})})
    a = agent()
    a.ready()
    for turn in range(3):
        cluster.patch_data(namespace, "a", {"k": "9"}, manager="lens")
        a.drift(field="data.k", want="1", have="9")
        cluster.patch_data(namespace, "a", {"k": "1"}, manager="lens")
        a.drift("cleared", field="data.k", cleared="in sync")
        if turn == 1:  # a memo that has seen it
            assert a.stop() == 0
            a.start()
            a.ready()


def test_dropped_until_another_holds_it(agent, cluster, repository, namespace):
    """Nothing but managedFields changes then, and our apply would leave the field where it is."""
    whole = config_map("a", {"k": "1", "old": "1"})
    cluster.apply(whole, namespace)
    repository.commit({"a.yaml": config_map("a", {"k": "1"})})
    a = agent()
    a.drift(field="data.old", **{"class": "dropped"})
    cluster.apply(whole, namespace, manager="flux")
    a.drift("cleared", field="data.old", cleared="in sync")


def test_extra_that_cannot_be_asked_about(agent, cluster, repository, namespace, proxies):
    """What was open stays open while the server answers 500, and is not taken for in sync by the next start."""
    cluster.apply(config_map("a", {"k": "1"}), namespace)
    repository.commit({"a.yaml": config_map("a", {"k": "1"})})
    door = proxies()
    a = agent(kubeconfig=door.kubeconfig)
    a.ready()
    cluster.kubectl("annotate", "configmap", "a", "-n", namespace, "example.com/note=x")
    extra = a.drift(**{"class": "extra"})
    door.fault("500 verb=patch")
    cluster.kubectl("annotate", "configmap", "a", "-n", namespace, "example.com/other=x")
    a.drift(verdict="unknown", object={"name": "a"})
    assert not a.seen(event="drift", state="cleared"), a.tail()
    a.kill()
    a.start()
    a.drift(verdict="unknown", object={"name": "a"})
    door.clear()
    a.drift("cleared", verdict="unknown", seconds=60)
    assert {e["id"] for e in a.seen(event="drift", state="opened", **{"class": "extra"})} >= {extra["id"]}


def test_judged_while_its_status_moves(holdfast, cluster, repository, namespace, tmp_path):
    """Each answer comes between two writes of the status: what was asked before them need not be asked again."""
    one = deployment("web", 0, namespace=namespace)
    cluster.apply(one)
    repository.commit({"web.yaml": one})
    spec = {"minReadySeconds": 5, "revisionHistoryLimit": 3, "progressDeadlineSeconds": 700, "paused": True}
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments/web"
    cluster.api("PATCH", f"{path}?fieldManager=kubectl-edit", {"spec": spec})
    done = threading.Event()

    def write():
        n = 0
        while not done.wait(0.15 * SLOWER):
            n += 1
            cluster.api("PATCH", f"{path}/status", {"status": {"conditions": [
                {"type": "Busy", "status": "True", "reason": f"n{n}", "message": "", "lastUpdateTime": None}]}})
    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(3):
            _, out, errors = holdfast("diff", repository.url, "--ref", "main", "-o", "json", "--kubeconfig", cluster.kubeconfig,
                                      "--state-dir", tmp_path / "state")
            lines = [json.loads(line) for line in out.splitlines()]
            found = {e.get("field"): e["verdict"] for e in lines if e["event"] == "drift"}
            assert found == {f"spec.{name}": "drifted" for name in spec}, out + errors
    finally:
        done.set()
        writer.join()


def test_kind_that_goes(agent, cluster, repository, namespace):
    """Its CRD is not in Git: an error says that the kind is not there, and what was open of its objects is taken back."""
    group = f"{namespace}.example"
    crd = run_crd(group)
    cluster.apply(crd)
    try:
        cluster.established(f"runs.{group}")
        repository.commit({"run.yaml": {"apiVersion": f"{group}/v1", "kind": "Run", "metadata": {"name": "one"}}})
        a = agent()
        missing = a.drift(verdict="missing", object={"kind": "Run"}, seconds=60)
        a.ready()
    finally:
        cluster.kubectl("delete", "crd", f"runs.{group}")
    a.wait(event="error", file="run.yaml", message=f"the cluster has no kind Run in {group}/v1: is its CRD missing?", seconds=60)
    assert a.drift("cleared", object={"kind": "Run"}, cleared="not compared")["id"] == missing["id"]


def test_export_of_a_kind_that_goes(agents, cluster, repository, namespace):
    group = f"{namespace}.example"
    crd = run_crd(group)
    run = {"apiVersion": f"{group}/v1", "kind": "Run", "metadata": {"name": "one"}, "spec": {"steps": 3}}
    repository.commit({"a.yaml": config_map("a", {"k": "1"})})
    export = {"apiVersion": "holdfast.dev/v1", "kind": "Export", "metadata": {"name": "steps", "namespace": namespace},
              "spec": {"from": {"object": {"apiVersion": f"{group}/v1", "kind": "Run", "name": "one"}, "path": "spec.steps"},
                       "default": "none", "to": {"log": True}}}
    cluster.apply(crd)
    try:
        cluster.established(f"runs.{group}")
        for _ in range(100):
            if cluster.kubectl("apply", "-n", namespace, "-f", "-", data=run, check=False):
                break
        a = agents([{"sources": [{"name": "infra", "url": repository.url, "ref": "main"}],
                     "kubernetes": {"defaultNamespace": namespace}}, export], cluster.kubeconfig)
        a.wait(event="export", value=3, seconds=60)
    finally:
        cluster.kubectl("delete", "crd", f"runs.{group}")
    note = a.wait(event="note", level="warning", seconds=60)
    assert note["message"] == "Export of Run one cannot be read: no such kind is served (any more)"


def test_waiting_costs_nothing(agent, cluster, repository, namespace):
    """More objects to be judged than may be asked about in a second: those that wait, wait."""
    names = [f"c-{n}" for n in range(200)]
    cluster.apply([config_map(name, {"k": "1"}) for name in names], namespace)
    repository.commit({"all.yaml": [config_map(name, {"k": "1"}) for name in names]})
    a = agent()
    a.ready()
    before, begin = testbed.cpu_seconds(a.child.pid), time.monotonic()
    repository.commit({"all.yaml": [config_map(name, {"k": "2"}) for name in names]})
    for _ in names:
        a.drift(field="data.k", want="2", have="1")
    passed, cpu = time.monotonic() - begin, testbed.cpu_seconds(a.child.pid) - before
    assert passed > 2  # they did wait
    assert cpu < passed / 5 * SLOWER, (cpu, passed)


def admission(kind, name, **spec):
    return {"apiVersion": "admissionregistration.k8s.io/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}


def mutation(namespace):
    """From now on each Deployment of the namespace gets another request of memory, when it is written."""
    rule = {"apiGroups": ["apps"], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": ["deployments"]}
    where = {"matchLabels": {"kubernetes.io/metadata.name": namespace}}
    change = '[JSONPatch{op: "replace", path: "/spec/template/spec/containers/0/resources/requests/memory", value: "2Gi"}]'
    return [admission("MutatingAdmissionPolicy", namespace, matchConstraints={"resourceRules": [rule], "namespaceSelector": where},
                      reinvocationPolicy="Never", failurePolicy="Fail",
                      mutations=[{"patchType": "JSONPatch", "jsonPatch": {"expression": change}}]),
            admission("MutatingAdmissionPolicyBinding", namespace, policyName=namespace)]


def test_daily_judgement(agents, cluster, repository, namespace, tmp_path):
    """What no watch tells: the server would make something else of the same manifest now."""
    web = deployment("web", replicas=0)
    # another writing of the value than the server's: in sync, and not literally
    web["spec"]["template"]["spec"]["containers"][0]["resources"] = {"requests": {"memory": "1024Mi"}}
    cluster.apply(web, namespace)
    repository.commit({"web.yaml": web})
    clock, environment = fake_clock(str(tmp_path / "clock"), "+0", steady=False)
    a = agents({"sources": [{"name": "infra", "url": repository.url, "ref": "main", **CALM}],
                "kubernetes": {"defaultNamespace": namespace}}, cluster.kubeconfig, environment=environment)
    a.ready()
    policies = mutation(namespace)
    try:
        cluster.apply(policies)
        for _ in range(100):  # until the server knows of it
            told = cluster.kubectl("apply", "--server-side", "--dry-run=server", "--force-conflicts", "-n", namespace, "-o",
                                   "jsonpath={.spec.template.spec.containers[0].resources.requests.memory}", "-f", "-",
                                   data=web, check=False)
            if told == "2Gi":
                break
            time.sleep(0.2)
        assert told == "2Gi", "the policy has no effect"
        assert not a.seen(event="drift")
        set_clock(clock, "+25h")
        a.drift(object={"name": "web"}, field="spec.template.spec.containers[name=main].resources.requests.memory", seconds=120)
    finally:
        cluster.kubectl("delete", "mutatingadmissionpolicybinding,mutatingadmissionpolicy", namespace)
