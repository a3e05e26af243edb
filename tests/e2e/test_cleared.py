"""Why a line is over: `cleared` says "in sync" of nothing that is not."""
import signal

from support import config_map, deployment


def hpa(name, least):
    return {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": name},
            "spec": {"minReplicas": least, "maxReplicas": 5,
                     "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}}}


def test_missing_and_then_another(agent, cluster, repository, namespace):
    repository.commit({"a.yaml": config_map("a", {"x": "git"}), "b.yaml": config_map("b", {"x": "git"})})
    a = agent()
    missing = {a.drift(verdict="missing")["object"]["name"] for _ in "ab"}
    assert missing == {"a", "b"}
    cluster.apply(config_map("a", {"x": "hand"}), namespace, manager="kubectl")
    a.drift(field="data.x")
    cleared = a.drift("cleared", verdict="missing", object={"name": "a"})
    assert cleared["cleared"] == "it is there"
    cluster.apply(config_map("a", {"x": "git"}), namespace)
    a.drift("cleared", field="data.x", cleared="in sync")
    cluster.apply(config_map("b", {"x": "git"}), namespace)
    a.drift("cleared", verdict="missing", object={"name": "b"}, cleared="in sync")


def test_unknown_and_fields_open(agent, cluster, repository, namespace, proxies):
    cluster.apply(config_map("a", {"k": "1"}), namespace)
    repository.commit({"a.yaml": config_map("a", {"k": "1"})})
    door = proxies()
    a = agent(kubeconfig=door.kubeconfig)
    a.ready()
    cluster.patch_data(namespace, "a", {"k": "2"})
    a.drift(field="data.k")
    door.fault("500 verb=patch")
    cluster.patch_data(namespace, "a", {"k": "3"})
    a.drift(verdict="unknown", object={"name": "a"})
    door.clear()
    assert a.drift("cleared", verdict="unknown", seconds=60)["cleared"] == "it is known again"
    assert not a.seen(event="drift", state="cleared", field="data.k")


def test_ignored_from_now_on(agent, cluster, repository, namespace):
    """By a rule, after SIGHUP, and by the annotation, with a commit; the line beside it is really put right."""
    git = {"rule": "git", "order": "git", "put-right": "git"}
    repository.commit({"a.yaml": config_map("a", git)})
    cluster.apply(config_map("a", git), namespace)
    cluster.patch_data(namespace, "a", {name: "hand" for name in git})
    a = agent()
    for _ in git:
        a.drift()
    a.ready()
    rule = {"kind": "ConfigMap", "name": "*", "fields": ["data.rule"]}
    a.configure({"sources": [{"name": "infra", "url": repository.url, "ref": "main", "interval": "1s", "ignore": [rule]}],
                 "kubernetes": {"defaultNamespace": namespace}})
    a.signal(signal.SIGHUP)
    assert a.drift("cleared", field="data.rule")["cleared"] == "ignored"
    repository.commit({"a.yaml": config_map("a", git, annotations={"holdfast.dev/ignore": "data.order"})})
    assert a.drift("cleared", field="data.order")["cleared"] == "ignored"
    cluster.patch_data(namespace, "a", {"put-right": "git"})
    assert a.drift("cleared", field='data.put-right')["cleared"] == "in sync"


def test_held_by_a_scaler(agent, cluster, repository, namespace):
    cluster.apply(deployment("web", replicas=2), namespace)
    repository.commit({"web.yaml": deployment("web", replicas=2)})
    a = agent()
    a.ready()
    cluster.kubectl("scale", "deployment/web", "-n", namespace, "--replicas=4")
    a.drift(field="spec.replicas", want=2, have=4)
    cluster.apply(hpa("web", 2), namespace, manager="someone")
    assert a.drift("cleared")["cleared"] == f"held by HorizontalPodAutoscaler {namespace}/web"


def test_a_part_of_what_was_told(agent, cluster, repository, namespace):
    """The whole of it was absent, and then a part of it differs."""
    web = deployment("web")
    limits = {"limits": {"cpu": "1", "memory": "1Gi"}}
    web["spec"]["template"]["spec"]["containers"][0]["resources"] = limits
    cluster.apply(deployment("web"), namespace)
    repository.commit({"web.yaml": web})
    a = agent()
    whole = a.drift(object={"name": "web"})
    limits["limits"]["cpu"] = "2"
    cluster.apply(web, namespace)
    part = a.drift(want="1")
    assert part["field"].startswith(whole["field"] + "."), a.tail()
    assert a.drift("cleared")["cleared"] == f"told as {part['field']}"


def test_ignored_while_nobody_looked(agent, cluster, repository, namespace):
    cluster.apply([config_map(name, {"k": "hand"}) for name in "ab"], namespace)
    repository.commit({f"{name}.yaml": config_map(name, {"k": "git"}) for name in "ab"})
    a = agent()
    for _ in "ab":
        a.drift(field="data.k")
    a.ready()
    assert a.stop() == 0
    repository.commit({"a.yaml": config_map("a", {"k": "git"}, annotations={"holdfast.dev/ignore": "data.k"})})
    cluster.patch_data(namespace, "b", {"k": "git"})
    a.start()
    told = {e["object"]["name"]: e["cleared"] for e in (a.drift("cleared") for _ in "ab")}
    assert told == {"a": "not so any more", "b": "in sync"}
