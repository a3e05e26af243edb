"""`holdfast rbac`, `agent --check` and `init` on a real server."""
import os
import stat
import time

import pytest
import yaml

from support import SECONDS, SLOWER, account_kubeconfig, config_map, deployment


def thing_crd(group, plural="things", scope="Namespaced"):
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    return {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": f"{plural}.{group}"},
            "spec": {"group": group, "scope": scope, "names": {"kind": "Thing", "plural": plural},
                     "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}]}}


def thing(group, namespace):
    return {"apiVersion": f"{group}/v1", "kind": "Thing", "metadata": {"name": "one", "namespace": namespace}}


def granted(text):
    """{namespace or None: {(group, plural): verbs}}"""
    found = {}
    for document in yaml.safe_load_all(text):
        if document and document["kind"] in ("Role", "ClusterRole"):
            kinds = found.setdefault(document["metadata"].get("namespace"), {})
            for rule in document["rules"]:
                for plural in rule["resources"]:
                    kinds[(rule["apiGroups"][0], plural)] = " ".join(rule["verbs"])
    return found


READ, DRY = "get list watch", "get list watch patch create"


def test_rights_of_every_kind(cluster, holdfast, repository):
    """Each kind that this server brings itself: the same rights without the cluster as with it."""
    served = cluster.kubectl("api-resources", "--verbs=list,create", "--no-headers").splitlines()
    own = {""} | {s["spec"].get("group", "") for s in cluster.get("apiservices")["items"]
                  if s["metadata"]["labels"].get("kube-aggregator.kubernetes.io/automanaged") == "onstart"}
    count = 0
    for line in served:
        version, namespaced, kind = line.split()[-3:]
        if (version.split("/")[0] if "/" in version else "") not in own:
            continue
        count += 1
        metadata = {"name": f"k{count}", **({"namespace": "ml"} if namespaced == "true" else {})}
        repository.write(f"{count}.yaml", {"apiVersion": version, "kind": kind, "metadata": metadata})
    assert count > 50
    for words in ((), ("--report",)):
        status, out, err = holdfast("rbac", *words, repository.folder, KUBECONFIG="/dev/null")
        assert status == 0, err
        assert holdfast("rbac", *words, repository.folder, "--kubeconfig", cluster.kubeconfig) == (0, out, "")
        for kinds in granted(out).values():
            for (group, plural), verbs in kinds.items():
                closed = group in ("admissionregistration.k8s.io", "rbac.authorization.k8s.io")
                assert verbs == (DRY if words and not closed else READ), plural
    assert sum(len(kinds) for kinds in granted(out).values()) == count


def test_crds_live_and_in_git(cluster, holdfast, repository, namespace):
    live, declared = f"live-{namespace}.example", f"declared-{namespace}.example"
    cluster.apply(thing_crd(live))
    cluster.established(f"things.{live}")
    cluster.kubectl("get", f"things.{live}", "-n", namespace)
    repository.write("a.yaml", [thing(live, "one"), thing(declared, "two"), thing_crd(declared)])
    status, out, err = holdfast("rbac", "--report", repository.folder, "--kubeconfig", cluster.kubeconfig,
                                "--account", "ops/watcher")
    assert status == 0
    assert "put system:serviceaccount:ops:watcher into its matchConditions" in err  # the policy's account is another
    scaler = {("autoscaling", "horizontalpodautoscalers"): READ}
    assert granted(out) == {None: {("apiextensions.k8s.io", "customresourcedefinitions"): DRY},
                            "one": {(live, "things"): DRY, **scaler}, "two": {(declared, "things"): DRY, **scaler}}
    assert all(d["subjects"] == [{"kind": "ServiceAccount", "name": "watcher", "namespace": "ops"}]
               for d in yaml.safe_load_all(out) if d and d["kind"].endswith("Binding"))
    # without the cluster the live one is not known: nothing is printed
    status, out, err = holdfast("rbac", "--report", repository.folder, KUBECONFIG="/dev/null")
    assert (status, out) == (2, "")
    assert "a.yaml:1: error: kind Thing of " in err and "--kubeconfig" in err
    cluster.kubectl("delete", f"crd/things.{live}", "--wait=false")


def test_aggregated_group_is_read_only(cluster, holdfast, repository, namespace):
    """An API service of another server: it gets no dry runs, whatever a CRD of the source says."""
    group = f"far-{namespace}.example"
    cluster.apply({"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService", "metadata": {"name": f"v1.{group}"},
                   "spec": {"group": group, "version": "v1", "groupPriorityMinimum": 100, "versionPriority": 1,
                            "insecureSkipTLSVerify": True, "service": {"name": "far", "namespace": namespace}}})
    try:
        repository.write("a.yaml", [thing_crd(group), thing(group, "one")])
        status, out, err = holdfast("rbac", "--report", repository.folder, "--kubeconfig", cluster.kubeconfig)
        assert status == 0, err
        assert granted(out)["one"][(group, "things")] == READ
        assert "# read only: an aggregated API server serves it" in out
    finally:
        cluster.kubectl("delete", f"apiservice/v1.{group}")


@pytest.mark.parametrize("crd, said", [
    (thing_crd("a.example", plural="*"), "plural"), (thing_crd("a.example", plural="pods/exec"), "plural"),
    (thing_crd("*"), "group"), (thing_crd("", plural="secrets", scope="Cluster"), "group"),
    (thing_crd("apps", plural="deployments", scope="Cluster"), "Kubernetes itself does not bring it")])
def test_names_that_widen_are_refused(holdfast, repository, crd, said):
    group = crd["spec"]["group"]
    one = {**thing(group, "one"), "apiVersion": f"{group}/v1" if group else "v1"}
    crd["metadata"]["name"] = "things.a.example"
    repository.write("a.yaml", [crd, one])
    status, out, err = holdfast("rbac", "--report", repository.folder, KUBECONFIG="/dev/null")
    assert (status, out) == (2, ""), out
    assert said in err


@pytest.mark.parametrize("words, said", [
    (("--account", "watcher"), "NAMESPACE/NAME"), (("--account", "a/b\nc"), "NAMESPACE/NAME"),
    (("--kubeconfig", "/nonexistent"), "/nonexistent"), (("--context", "none"), "none")])
def test_refusals(holdfast, repository, words, said):
    repository.write("a.yaml", config_map("a", {}))
    status, out, err = holdfast("rbac", repository.folder, *words, KUBECONFIG="/dev/null")
    assert (status, out) == (2, "") and said in err


@pytest.mark.parametrize("url, line", [
    ("https://reader:canary@git.example/a.git", "no user and no password belong in a url"),
    ("https://reader:can/canary@git.example/a.git", "what stands before the @ looks like a password"),
    ("https://git.example/a.git?private_token=canary", "? and # have no meaning"),
    ("s3://canary@git.example/a.git", "a source is https://")])
def test_urls_with_secrets(holdfast, tmp_path, url, line):
    """Refused before they are a name in each line, and not shown: on the command line and in the configuration."""
    shown = url.partition("://")[0] + "://git.example/a.git"
    for command in ("rbac", "diff"):
        status, out, err = holdfast(command, url, KUBECONFIG="/dev/null")
        assert status == 2 and f"{shown}: {line}" in err + out and "canary" not in err + out, out + err
    config = tmp_path / "holdfast.yaml"
    config.write_text(yaml.safe_dump({"apiVersion": "holdfast.dev/v1", "kind": "Config",
                                      "sources": [{"name": "infra", "url": url}]}, sort_keys=False))
    for command in ("agent", "rbac", "diff"):
        status, out, err = holdfast(command, "--config", config, KUBECONFIG="/dev/null")
        assert status == 2 and f"holdfast.yaml:5:8: sources[0].url: {shown}: {line}" in err + out, out + err
        assert "canary" not in err + out, out + err


def test_broken_source_prints_nothing(holdfast, repository):
    repository.write("a.yaml", config_map("a", {}, namespace="x"))
    repository.write("b.yaml", "kind: ConfigMap\n")
    status, out, err = holdfast("rbac", repository.folder, KUBECONFIG="/dev/null")
    assert (status, out) == (2, "") and "b.yaml:1" in err


def test_exports_are_looked_at(holdfast, repository, tmp_path):
    repository.write("a.yaml", config_map("a", {}, namespace="x"))
    config = tmp_path / "holdfast.yaml"
    export = {"apiVersion": "holdfast.dev/v1", "kind": "Export", "metadata": {"name": "url", "namespace": "ml"},
              "spec": {"from": {"object": {"apiVersion": "v1", "kind": "Service", "name": "model"}, "path": "spec.clusterIP"},
                       "to": {"log": True}}}
    config.write_text(yaml.safe_dump_all([
        {"apiVersion": "holdfast.dev/v1", "kind": "Config", "sources": [{"name": "infra", "url": repository.folder}]}, export]))
    status, out, err = holdfast("rbac", "--report", "--config", config, KUBECONFIG="/dev/null")
    assert status == 0, err
    assert granted(out) == {"x": {("", "configmaps"): DRY}, "ml": {("", "services"): READ}}


# ---- agent --check ----

def table(out):
    rows = [line.split() for line in out.splitlines()]
    return {(r[0], r[1]): r[2:] for r in rows if len(r) == 7 and r[0] != "KIND"}


def another_account(namespace, name):
    return ("holdfast: the admission policy of deploy/kubernetes holds the account holdfast/holdfast to dry runs: "
            f"put system:serviceaccount:{namespace}:{name} into its matchConditions\n")


def test_check(cluster, holdfast, repository, namespace, tmp_path):
    """The account of the printed rights has them; less and less of them is told."""
    name = f"check-{namespace}"
    repository.commit({"a.yaml": [deployment("web", namespace=namespace), config_map("texts", {}, namespace=namespace),
                                  {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}]})
    config = tmp_path / "holdfast.yaml"
    config.write_text(yaml.safe_dump({
        "apiVersion": "holdfast.dev/v1", "kind": "Config", "stateDir": str(tmp_path / "state"),
        "sources": [{"name": "infra", "url": repository.url, "ref": "main"}]}))
    cluster.kubectl("create", "serviceaccount", name, "-n", namespace)

    user = f"system:serviceaccount:{namespace}:{name}"

    def check():
        return holdfast("agent", "--config", config, "--check", "--kubeconfig", cluster.kubeconfig, "--as", user)

    def grant(*words):
        status, out, err = holdfast("rbac", *words, "--config", config, "--kubeconfig", cluster.kubeconfig,
                                    "--account", f"{namespace}/{name}")
        assert (status, err) == (0, another_account(namespace, name) if words else "")
        cluster.kubectl("apply", "-f", "-", data=[d for d in yaml.safe_load_all(out) if d])
    status, out, err = check()
    assert (status, err) == (3, "")
    assert "4 of 4 may not be read" in out
    grant("--report")
    offset = cluster.audit_offset()
    status, out, err = check()
    assert (status, err) == (0, "")
    yes, no = ["yes"] * 5, ["yes"] * 3 + ["no"] * 2
    assert table(out) == {("Namespace", "(cluster)"): yes, ("ConfigMap", namespace): yes, ("Deployment.apps", namespace): yes,
                          ("HorizontalPodAutoscaler.autoscaling", namespace): ["yes"] * 3 + ["-"] * 2}
    assert f"source infra: 3 objects, {repository.git('rev-parse', 'HEAD')}" in out
    assert "without dry runs" not in out  # the autoscalers are only looked at
    asked = [e for e in cluster.audit_since(offset) if e["verb"] not in ("get", "list", "watch")
             and e.get("impersonatedUser", {}).get("username") == user]
    assert {e["objectRef"]["resource"] for e in asked} == {"selfsubjectaccessreviews"}
    assert all("dryRun=All" in e["requestURI"] for e in asked)
    grant()
    status, out, err = check()
    assert (status, err) == (0, "")
    assert table(out)[("Deployment.apps", namespace)] == no and "3 without dry runs" in out
    cluster.kubectl("delete", "rolebinding", name, "-n", namespace)
    status, out, err = check()
    assert status == 3 and "3 of 4 may not be read" in out
    repository.commit({"b.yaml": "kind: ConfigMap\n"})
    status, out, err = check()
    assert status == 2 and "b.yaml:1" in err and "3 of 4 may not be read" in out
    cluster.kubectl("delete", f"clusterrole/{name}", f"clusterrolebinding/{name}")


@pytest.fixture
def second(cluster, namespace):
    """Another namespace beside the test's own."""
    name = f"{namespace}-2"
    cluster.kubectl("create", "namespace", name)
    yield name
    cluster.kubectl("delete", "namespace", name, "--wait=false")


def test_printed_rights_suffice(cluster, holdfast, agents, repository, namespace, second, tmp_path):
    """Two namespaces, one with nothing to scale: the account sees what an admin sees, and misses no right."""
    name = f"suffice-{namespace}"
    manifests = [deployment("web", namespace=namespace), config_map("texts", {"a": "b"}, namespace=second)]
    cluster.apply(manifests)
    repository.commit({"a.yaml": manifests})
    status, out, err = holdfast("rbac", "--report", repository.folder, "--kubeconfig", cluster.kubeconfig,
                                "--account", f"{namespace}/{name}")
    assert (status, err) == (0, another_account(namespace, name))
    cluster.kubectl("create", "serviceaccount", name, "-n", namespace)
    cluster.kubectl("apply", "-f", "-", data=[d for d in yaml.safe_load_all(out) if d])
    ours = account_kubeconfig(cluster, name, namespace, tmp_path)
    status, out, err = holdfast("diff", repository.url, "--ref", "main", "-o", "json", "--kubeconfig", ours)
    assert (status, len(out.splitlines())) == (0, 1), out  # the summary alone
    agent = agents({"sources": [{"name": "infra", "url": repository.url, "ref": "main"}]}, ours)
    agent.ready()
    cluster.kubectl("patch", "configmap", "texts", "-n", second, "-p", '{"data":{"a":"c"}}')
    agent.drift(field="data.a")
    assert not agent.seen(event="note", source="infra") and not agent.seen(event="error"), agent.tail()


def test_check_of_what_cannot_be_read(cluster, holdfast, repository, namespace, tmp_path):
    """A source that cannot be read, one that declares another's object, and a token that nobody can read."""
    repository.commit({"one/a.yaml": config_map("a", {}, namespace=namespace), "two/b.yaml": config_map("a", {}),
                       "two/c.yaml": [config_map("c", {}), config_map("c", {})]})
    config = tmp_path / "holdfast.yaml"

    def check(*words, http=None, more=()):
        sources = [{"name": name, "url": repository.url, "ref": "main", "path": name} for name in ("one", *more)]
        config.write_text(yaml.safe_dump({"apiVersion": "holdfast.dev/v1", "kind": "Config", "sources": sources,
                                          "stateDir": str(tmp_path / "state"), "http": http or {},
                                          "kubernetes": {"defaultNamespace": namespace}}))
        return holdfast("agent", "--config", config, "--check", "--kubeconfig", cluster.kubeconfig, *words)
    status, out, err = check("-o", "text")
    assert (status, err) == (0, "") and out.endswith("all of it may be read\n")
    status, out, err = check("-o", "json")
    assert status == 2 and out == "" and "-o json: --check prints text" in err
    status, out, err = check(more=["three"])
    assert status == 2 and err.count("source three:") == 1, err
    assert "source three: could not be read\n" in out and "all of it" not in out
    assert out.endswith("what is in this table may be read\n"
                        "1 of 2 sources could not be read whole: what else it takes is not known\n")
    status, out, err = check(more=["two"])
    assert status == 2 and "two/b.yaml:1: error: ConfigMap a: the source one declares this object too, at one/a.yaml:1" in err, err
    assert "two/c.yaml:7:1: error: ConfigMap c" in err, err
    status, out, err = check(http={"listen": "127.0.0.1:1", "tokenFile": str(tmp_path / "none")})
    assert status == 2 and err == f"holdfast: http.tokenFile: {tmp_path}/none: No such file or directory\n"


def test_rights_that_come_later(cluster, holdfast, agents, repository, namespace, second, tmp_path):
    """An account that may only look gets dry runs: what people added while it had none is told, and no day later."""
    name = f"later-{namespace}"
    manifests = [config_map(f"texts-{n}", {"a": "b"}, namespace=space) for space in (namespace, second) for n in range(3)]
    manifests.append({**config_map("key", {"k": "djE="}, namespace=second), "kind": "Secret", "type": "Opaque"})
    cluster.apply(manifests)
    repository.commit({"a.yaml": manifests})
    cluster.kubectl("create", "serviceaccount", name, "-n", namespace)

    def grant(*words):
        status, out, err = holdfast("rbac", *words, repository.folder, "--kubeconfig", cluster.kubeconfig,
                                    "--account", f"{namespace}/{name}")
        assert status == 0, err
        cluster.kubectl("apply", "-f", "-", data=[d for d in yaml.safe_load_all(out) if d])

    def dry_runs(offset):
        return [e for e in cluster.audit_since(offset) if e["verb"] == "patch" and name in e["user"]["username"]]
    grant()
    offset = cluster.audit_offset()
    agent = agents({"sources": [{"name": "infra", "url": repository.url, "ref": "main"}]},
                   account_kubeconfig(cluster, name, namespace, tmp_path))
    agent.ready()
    labelled = [("configmap", "texts-0", namespace), ("configmap", "texts-1", namespace), ("configmap", "texts-1", second),
                ("secret", "key", second)]
    for kind, one, space in labelled:
        cluster.kubectl("label", kind, one, "by=hand", "-n", space)
    end = time.monotonic() + SECONDS
    while len({(e["objectRef"]["namespace"], e["objectRef"]["name"]) for e in dry_runs(offset)}) < len(labelled):
        assert time.monotonic() < end, "it was not asked"
        time.sleep(0.1)
    assert not agent.seen(event="drift"), agent.tail()
    # asked now and then: not more than a few times before the right is there
    time.sleep(5)
    assert len(dry_runs(offset)) <= len(labelled) + 2
    grant("--report")
    end = time.monotonic() + 60 * SLOWER
    while {(e["object"]["name"], e["object"]["namespace"]) for e in agent.seen(event="drift", state="opened", field="metadata.labels.by")} != \
            {(one, space) for _, one, space in labelled}:
        assert time.monotonic() < end, agent.tail()
        time.sleep(0.2)
    assert not agent.seen(event="drift", verdict="unknown") and not agent.seen(event="error"), agent.tail()
    assert len(dry_runs(offset)) <= 5 * len(labelled)


def test_check_without_cluster(holdfast, repository, tmp_path):
    config = tmp_path / "holdfast.yaml"
    config.write_text(yaml.safe_dump({"apiVersion": "holdfast.dev/v1", "kind": "Config",
                                      "sources": [{"name": "infra", "url": repository.folder}]}))
    status, out, err = holdfast("agent", "--config", config, "--check", KUBECONFIG="/dev/null")
    assert (status, out) == (2, "") and "/dev/null" in err


# ---- init ----

def test_init(cluster, holdfast, repository, tmp_path):
    repository.git("remote", "add", "origin", "https://me:s3cret@git.example.com/ml/infra.git?private_token=t0ken")
    repository.commit({"clusters/prod/a.yaml": config_map("a", {})})
    os.chdir(os.path.join(repository.folder, "clusters", "prod"))
    try:
        status, out, err = holdfast("init", "--kubeconfig", cluster.kubeconfig)
        assert (status, err) == (0, ""), err
        assert "https://git.example.com/ml/infra.git" in out
        assert stat.S_ISREG(os.lstat("holdfast.yaml").st_mode)
        with open("holdfast.yaml", encoding="utf-8") as file:
            text = file.read()
        assert "s3cret" not in text and "t0ken" not in text and "me@" not in text
        config = yaml.safe_load(text)
        assert config["sources"] == [{"name": "infra", "url": "https://git.example.com/ml/infra.git", "ref": "main",
                                      "path": "clusters/prod"}]
        assert config["kubernetes"] == {"kubeconfig": cluster.kubeconfig, "context": "admin"}
        # a second time: what is there stays
        with open("holdfast.yaml", "a", encoding="utf-8") as file:
            file.write("# mine\n")
        status, out, err = holdfast("init", "--kubeconfig", cluster.kubeconfig)
        assert (status, out) == (2, "") and "not overwritten" in err
        with open("holdfast.yaml", encoding="utf-8") as file:
            assert file.read() == text + "# mine\n"
        # the program takes it: the folder is another source, the cluster is the file's
        status, out, err = holdfast("rbac", ".", "--config", "holdfast.yaml")
        assert (status, err) == (0, "") and "configmaps" in out
        os.symlink("elsewhere.yaml", "link.yaml")
        status, out, err = holdfast("init", "--config", "link.yaml", KUBECONFIG="/dev/null")
        assert status == 2 and not os.path.exists("elsewhere.yaml")
    finally:
        os.chdir(tmp_path)


def test_init_outside_of_git(holdfast, tmp_path):
    file = tmp_path / "new.yaml"
    os.chdir(tmp_path)
    status, _, err = holdfast("init", "--config", file, KUBECONFIG="/dev/null")
    assert status == 0 and "no Git repository" in err and "no cluster" in err
    assert "url" in yaml.safe_load(file.read_text())["sources"][0]
