"""deploy/kubernetes on a real server: it builds and applies, the report account does its whole job, and writes nothing.

What it may not do is tried for every resource and subresource of discovery; the audit log is the judge.
"""
import contextlib
import http.client
import json
import os
import ssl
import time
from urllib.parse import urlparse

import pytest
import yaml

from support import ROOT, SECONDS

KUBERNETES = os.path.join(ROOT, "deploy", "kubernetes")
EXAMPLES = os.path.join(ROOT, "deploy", "examples")
REPORT = os.path.join(KUBERNETES, "overlays", "report")
NAME = "system:serviceaccount:holdfast:holdfast"
BINDING = "validatingadmissionpolicybinding/holdfast-writes-nothing"
PATCHES = {"application/merge-patch+json": {"metadata": {"labels": {"attempt": "merge"}}},
           "application/strategic-merge-patch+json": {"metadata": {"labels": {"attempt": "strategic"}}},
           "application/json-patch+json": [{"op": "add", "path": "/metadata/labels", "value": {"attempt": "json"}}]}
APPLY = "application/apply-patch+yaml"
# Answered to everybody who is signed in; they keep nothing.
REVIEWS = ("authorization.k8s.io", "authentication.k8s.io")
CONNECTS = ("exec", "attach", "portforward", "proxy")


class Client:
    """Requests as somebody, over one connection."""

    def __init__(self, cluster, token):
        self.token, self.count = token, 0
        where = urlparse(cluster.server)
        context = ssl.create_default_context(cafile=os.path.join(cluster.folder, "pki", "ca.crt"))
        self.connection = http.client.HTTPSConnection(where.hostname, where.port, context=context, timeout=60)

    def send(self, method, path, body=None, kind="application/json", accept="application/json"):
        headers = {"Authorization": f"Bearer {self.token}", "Accept": accept, "User-Agent": "attempts"}
        if body is not None:
            headers["Content-Type"] = kind
        self.count += 1
        try:
            self.connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = self.connection.getresponse()
            text = answer.read().decode(errors="replace")
        except (http.client.HTTPException, OSError):
            self.connection.close()  # the server hangs up after it has answered an upgrade
            raise
        if answer.will_close:
            self.connection.close()
        return answer.status, text


def documents(folder=EXAMPLES):
    found = []
    for where, _, files in sorted(os.walk(folder)):
        for name in sorted(files):
            with open(os.path.join(where, name), encoding="utf-8") as file:
                found += [d for d in yaml.safe_load_all(file) if d]
    return found


def token(cluster):
    return cluster.kubectl("-n", "holdfast", "create", "token", "holdfast", "--duration=1h").strip()


def until(condition, what):
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end, f"{what}: not within {SECONDS} s"
        time.sleep(0.05)


def policy_holds(cluster):
    """Is the policy in force? Asked by a write in the account's name that RBAC allows: by an admin who takes its name."""
    answer = cluster.kubectl("create", "configmap", "policy-probe", "-n", "ml", f"--as={NAME}", "--as-group=system:masters",
                             "-o", "name", check=False)
    if answer:
        cluster.kubectl("delete", "configmap", "policy-probe", "-n", "ml")
    return not answer


def apply_folder(cluster, folder):
    return cluster.kubectl("apply", "--server-side", "--force-conflicts", "-k", folder)


def apply_components(cluster):
    for component in ("events", "lease"):
        cluster.kubectl("apply", "--server-side", "-f", os.path.join(KUBERNETES, "components", component, "rbac.yaml"))


@pytest.fixture(scope="module")
def account(cluster, tmp_path_factory):
    """Report mode in force with both components, the examples in the cluster; a kubeconfig of the account."""
    cluster.apply([d for d in documents() if d["kind"] in ("Namespace", "CustomResourceDefinition")])
    cluster.established("mlpipelines.ml.example.com")
    cluster.kubectl("wait", "--for=create", "serviceaccount/default", "-n", "ml", "--timeout=60s")
    cluster.apply(documents())
    apply_folder(cluster, REPORT)
    apply_components(cluster)
    until(lambda: policy_holds(cluster), "the policy")
    file = tmp_path_factory.mktemp("account") / "kubeconfig"
    one = {"cluster": {"server": cluster.server, "certificate-authority": os.path.join(cluster.folder, "pki", "ca.crt")}}
    file.write_text(yaml.safe_dump({
        "apiVersion": "v1", "kind": "Config", "current-context": "c", "clusters": [{"name": "c", **one}],
        "users": [{"name": "c", "user": {"token": token(cluster)}}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "c"}}]}))
    return str(file)


# ---- the manifests ----

def build(cluster, folder):
    return [d for d in yaml.safe_load_all(cluster.kubectl("kustomize", folder)) if d]


def rules(objects):
    return [(o, r) for o in objects if o["kind"] in ("Role", "ClusterRole") for r in o["rules"]]


def one_of(objects, kind):
    found = [o for o in objects if o["kind"] == kind]
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize("folder", ["overlays/report", "overlays/look-only", "overlays/persistent"])
def test_folder_builds_and_applies(cluster, account, folder):
    objects = build(cluster, os.path.join(KUBERNETES, folder))
    try:
        applied = apply_folder(cluster, os.path.join(KUBERNETES, folder))
        assert applied.count("serverside-applied") == len(objects)
    finally:
        apply_folder(cluster, REPORT)
    for role, rule in rules(objects):
        text = json.dumps(rule)
        assert "*" not in text and "/" not in "".join(rule["resources"]), role["metadata"]
        assert set(rule["verbs"]) <= {"get", "list", "watch", "patch", "create"}
        if folder == "overlays/look-only":
            assert set(rule["verbs"]) == {"get", "list", "watch"}
    assert any("patch" in r["verbs"] for _, r in rules(objects)) == (folder != "overlays/look-only")
    assert one_of(objects, "ValidatingAdmissionPolicy") and one_of(objects, "ValidatingAdmissionPolicyBinding")
    check_deployment(cluster, one_of(objects, "Deployment"), persistent=folder.endswith("persistent"))


def check_deployment(cluster, deployment, persistent):
    spec = deployment["spec"]
    pod = spec["template"]["spec"]
    container, = pod["containers"]
    assert spec["strategy"] == {"type": "Recreate"} and spec["replicas"] == 1
    assert container["securityContext"] == {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
                                            "capabilities": {"drop": ["ALL"]}}
    assert container["livenessProbe"]["httpGet"]["path"] == "/healthz"
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
    state = {v["name"]: v for v in pod["volumes"]}["state"]
    assert ("persistentVolumeClaim" in state, "emptyDir" in state) == (persistent, not persistent)
    # the namespace enforces Pod Security "restricted": would it take the Pod?
    one = {"apiVersion": "v1", "kind": "Pod", "spec": pod,
           "metadata": {**spec["template"]["metadata"], "name": "template", "namespace": "holdfast"}}
    assert "created" in cluster.kubectl("create", "--dry-run=server", "-f", "-", data=one)
    one["spec"] = {**pod, "hostNetwork": True}
    assert "created" not in cluster.kubectl("create", "--dry-run=server", "-f", "-", data=one, check=False)


@pytest.mark.parametrize("component", ["events", "lease", "network-policy"])
def test_component_builds_and_applies(cluster, account, component, tmp_path):
    folder = os.path.relpath(KUBERNETES, os.path.realpath(tmp_path))
    (tmp_path / "kustomization.yaml").write_text(yaml.safe_dump({
        "resources": [f"{folder}/overlays/report"], "components": [f"{folder}/components/{component}"]}))
    more = [o for o in build(cluster, str(tmp_path)) if o not in build(cluster, REPORT)]
    assert more
    names = [n for _, rule in rules(more) for n in rule.get("resourceNames", [])]
    assert names == (["holdfast"] if component == "lease" else [])  # as it stands, and not what a generator made of it
    assert apply_folder(cluster, str(tmp_path)).count("serverside-applied") == len(build(cluster, REPORT)) + len(more)


@pytest.mark.parametrize("words, file", [(["--report"], "overlays/report/rbac.yaml"), ([], "overlays/look-only/rbac.yaml")])
def test_rights_are_what_is_printed(cluster, account, holdfast, words, file):
    with open(os.path.join(KUBERNETES, file), encoding="utf-8") as f:
        wanted = f.read()
    status, out, err = holdfast("rbac", *words, EXAMPLES, KUBECONFIG="/dev/null")
    assert (status, out) == (0, wanted), err
    assert "without a cluster" in err
    assert holdfast("rbac", *words, EXAMPLES, "--kubeconfig", cluster.kubeconfig) == (0, wanted, "")


def test_configuration_is_one(holdfast):
    """That of the ConfigMap: it is read before the source, which is another here."""
    status, _, err = holdfast("rbac", EXAMPLES, "--config", os.path.join(KUBERNETES, "base", "holdfast.yaml"), KUBECONFIG="/dev/null",
                              XDG_STATE_HOME="/nonexistent")
    assert "holdfast.yaml:" not in err
    assert status == 2 and "/var/lib/holdfast" in err or status == 0  # who may not make it is told


# ---- the whole job ----

def lines(out):
    found = [json.loads(line) for line in out.splitlines()]
    unlike = ("time", "seconds", "requests")
    return [{k: v for k, v in e.items() if k not in unlike} for e in found]


def test_whole_job(cluster, account, holdfast):
    def both():
        admin = holdfast("diff", EXAMPLES, "-o", "json", "--kubeconfig", cluster.kubeconfig)
        ours = holdfast("diff", EXAMPLES, "-o", "json", "--kubeconfig", account)
        assert ours[0] == admin[0]
        # in the order in which the server's answers came
        assert sorted(map(json.dumps, lines(ours[1]))) == sorted(map(json.dumps, lines(admin[1])))
        return ours[0], [e for e in lines(ours[1]) if e["event"] == "drift"]
    offset = cluster.audit_offset()
    assert both() == (0, [])
    cluster.kubectl("-n", "ml", "scale", "statefulset/ml-database", "--replicas=2")
    cluster.kubectl("-n", "ml", "set", "env", "deployment/ml-model", "ADDED=yes")
    cluster.kubectl("-n", "ml", "delete", "service/ml-database")
    try:
        status, drift = both()
    finally:
        cluster.apply(documents())
        cluster.kubectl("-n", "ml", "set", "env", "deployment/ml-model", "ADDED-")
    assert status == 1
    assert sorted((d["verdict"], d["object"]["name"]) for d in drift) == [
        ("drifted", "ml-database"), ("drifted", "ml-model"), ("missing", "ml-database")]
    assert not any(d.get("unjudged") for d in drift)
    events = [e for e in cluster.audit_since(offset) if e["user"]["username"] == NAME]
    assert any(e["verb"] == "patch" and e["responseStatus"]["code"] < 300 for e in events)  # it was judged
    assert not writes(events)


def test_whole_job_of_the_agent(cluster, account, agents, repository):
    """Watching, with that account: drift opens and clears, all of it judged, nothing unknown, nothing written."""
    offset = cluster.audit_offset()
    repository.commit({"a.yaml": documents()})
    agent = agents({"sources": [{"name": "infra", "url": repository.url, "ref": "main", "interval": "1s"}]}, account)
    ready = agent.ready()
    assert ready["objects"] == ready["in_sync"] == len(documents()), agent.tail()
    cluster.kubectl("-n", "ml", "scale", "statefulset/ml-database", "--replicas=2")
    drift = agent.drift(field="spec.replicas")
    assert (drift["object"]["name"], drift["have"], drift["by"]) == ("ml-database", 2, "kubectl/scale")
    cluster.kubectl("label", "storageclass/ml-workflows-sc", "by=hand")
    agent.drift(field="metadata.labels.by", **{"class": "extra"})
    cluster.kubectl("-n", "ml", "delete", "service/ml-database")
    agent.drift(verdict="missing")
    cluster.apply(documents())
    cluster.kubectl("label", "storageclass/ml-workflows-sc", "by-")
    until(lambda: len(agent.seen(event="drift", state="cleared")) == 3, "the three that were put right")
    assert len(agent.seen(event="drift")) == 6, agent.tail()
    assert not agent.seen(event="error") and not agent.seen(unjudged=True)
    assert agent.stop() == 0
    events = [e for e in cluster.audit_since(offset) if e["user"]["username"] == NAME]
    assert any(e["verb"] == "watch" for e in events)
    assert any(e["verb"] == "patch" and e["responseStatus"]["code"] < 300 for e in events)
    assert not writes(events)


def test_check_as_the_account(account, holdfast, tmp_path):
    config = tmp_path / "holdfast.yaml"
    config.write_text(yaml.safe_dump({"apiVersion": "holdfast.dev/v1", "kind": "Config",
                                      "sources": [{"name": "examples", "url": EXAMPLES}]}))
    status, out, err = holdfast("agent", "--config", config, "--check", "--kubeconfig", account)
    assert (status, err) == (0, "")
    rows = [line.split() for line in out.splitlines() if "  yes" in line]
    assert len(rows) == 12 and all(row[2:] == ["yes"] * 5 for row in rows), out
    assert out.endswith("all of it may be read\n")


# ---- nothing is written ----

def writes(events):
    """What was done, of audit events: all but reads, dry runs, and what keeps nothing."""
    found = []
    for e in events:
        what = e.get("objectRef", {})
        reads = e["verb"] in ("get", "list", "watch") and what.get("subresource") not in CONNECTS
        review = what.get("apiGroup") in REVIEWS and not what.get("subresource")
        dry = "dryRun=All" in e["requestURI"] and what.get("subresource") not in (*CONNECTS, "token")
        if e["responseStatus"]["code"] < 400 and not reads and not review and not dry:
            found.append(e)
    return found


def others(events):
    """Writes that are neither Events nor its own Lease."""
    def allowed(what):
        event = what["resource"] == "events" and what.get("apiGroup", "") in ("", "events.k8s.io")
        lease = (what["resource"], what.get("namespace"), what.get("name")) == ("leases", "holdfast", "holdfast")
        return (event or lease) and not what.get("subresource")
    return [f"{e['verb']} {e['requestURI']}" for e in writes(events) if not allowed(e["objectRef"])]


def audit_of(cluster, offset, agent="attempts"):
    return [e for e in cluster.audit_since(offset, agent) if e["user"]["username"] == NAME]


def resources(client):
    """(group/version path, plural, kind, namespaced, group, subresources) of all that is served."""
    for root in ("/api", "/apis"):
        form = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
        status, text = client.send("GET", root, accept=form)
        assert status == 200
        for group in json.loads(text)["items"]:
            name = group["metadata"].get("name", "")
            for version in group["versions"]:
                path = f"{root}/{name}/{version['version']}" if name else f"{root}/{version['version']}"
                for r in version.get("resources", []):
                    subs = [s["subresource"] for s in r.get("subresources", [])]
                    yield path, r["resource"], (r.get("responseKind") or {}).get("kind") or "", r["scope"] == "Namespaced", subs


class Attempts:
    """All ways to write, at all that is served."""

    def __init__(self, cluster, client):
        self.client, self.answers = client, []
        with open(cluster.kubeconfig, encoding="utf-8") as file:
            self.admin = Client(cluster, yaml.safe_load(file)["users"][0]["user"]["token"])
        self.declared = {}
        for d in documents():
            self.declared.setdefault((d["apiVersion"], d["kind"]), d)
        self.declared.update({(d["apiVersion"], d["kind"]): d for d in MORE})

    def send(self, method, path, body=None, kind="application/json"):
        try:
            status, text = self.client.send(method, path, body, kind)
        except http.client.HTTPException:
            status, text = 0, ""
        self.answers.append((method, path, status, text))

    def body(self, path, kind, name, namespace):
        version = "/".join(path.split("/")[2:])
        body = json.loads(json.dumps(self.declared.get((version, kind), {"apiVersion": version, "kind": kind})))
        body["metadata"] = {**body.get("metadata", {}), "name": name}
        if namespace:
            body["metadata"]["namespace"] = namespace
        return body

    def at(self, collection, body, existing):
        """One resource or, with a name in the collection's path, one subresource."""
        path, new = f"{collection}/{existing}", body["metadata"]["name"]
        self.send("POST", collection, body)
        for kind, patch in PATCHES.items():
            self.send("PATCH", path, patch, kind)
        self.send("PATCH", f"{path}?fieldManager=attempts&force=true", {**body, "metadata": {"name": existing}}, APPLY)
        self.send("PATCH", f"{collection}/{new}?fieldManager=attempts", body, APPLY)
        self.send("PATCH", f"{path}?dryRun=", PATCHES["application/merge-patch+json"], "application/merge-patch+json")
        self.send("PUT", path, {**body, "metadata": {**body["metadata"], "name": existing}})
        self.send("DELETE", path)
        self.send("DELETE", f"{path}?dryRun=All")

    def subresource(self, path, sub, body):
        scale = {"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": {"name": path.rsplit("/", 1)[1]},
                 "spec": {"replicas": 3}}
        one = {"scale": scale, "token": {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}},
               "eviction": {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": path.rsplit("/", 1)[1]}}}
        body = one.get(sub, body)
        more = "command=id&stdout=true" if sub in CONNECTS else ""
        for query in (more, f"{more}&dryRun=All"):
            if sub in CONNECTS or "dryRun" not in query:
                self.send("GET", f"{path}/{sub}?{query}")
            self.send("POST", f"{path}/{sub}?{query}", body)
            if sub in CONNECTS or "dryRun" not in query:
                for kind, patch in PATCHES.items():
                    self.send("PATCH", f"{path}/{sub}?{query}", patch, kind)
                self.send("PUT", f"{path}/{sub}?{query}", body)

    def existing(self, path, plural, namespace):
        where = f"{path}/namespaces/{namespace}/{plural}" if namespace else f"{path}/{plural}"
        status, text = self.admin.send("GET", f"{where}?limit=1")
        items = json.loads(text).get("items", []) if status == 200 else []
        return items[0]["metadata"]["name"] if items else "attempt"

    def all(self, skip=()):
        for path, plural, kind, namespaced, subs in list(resources(self.client)):
            if path.split("/")[2] in skip:
                continue
            for namespace in ("ml", "holdfast", "default") if namespaced else (None,):
                where = f"{path}/namespaces/{namespace}/{plural}" if namespace else f"{path}/{plural}"
                body = self.body(path, kind, f"attempt-{len(self.answers)}", namespace)
                existing = self.existing(path, plural, namespace)
                self.at(where, body, existing)
                for sub in subs:
                    self.subresource(f"{where}/{existing}", sub, body)
        return self


def admission(kind, **spec):
    return {"apiVersion": "admissionregistration.k8s.io/v1", "kind": kind, "metadata": {"name": "attempt"}, "spec": spec}


ADMIN = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"}
SUBJECT = [{"kind": "ServiceAccount", "name": "holdfast", "namespace": "holdfast"}]
CONSTRAINTS = {"resourceRules": [{"apiGroups": ["*"], "apiVersions": ["*"], "operations": ["*"], "resources": ["*/*"]}]}
# whole bodies of what matters most, so that it is no fault of theirs that they are refused
MORE = [
    {"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "b"}},
    {"apiVersion": "v1", "kind": "Secret", "stringData": {"a": "b"}},
    {"apiVersion": "v1", "kind": "ServiceAccount"},
    {"apiVersion": "v1", "kind": "Event", "involvedObject": {"kind": "Pod", "namespace": "ml", "name": "x"}, "reason": "Drift"},
    {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "roleRef": ADMIN, "subjects": SUBJECT},
    {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "roleRef": ADMIN, "subjects": SUBJECT},
    {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role",
     "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]},
    {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
     "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]},
    {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "spec": {"holderIdentity": "attempt"}},
    admission("MutatingAdmissionPolicy", matchConstraints=CONSTRAINTS, reinvocationPolicy="Never", failurePolicy="Ignore",
              mutations=[{"patchType": "JSONPatch", "jsonPatch": {"expression": "[]"}}]),
    admission("ValidatingAdmissionPolicy", matchConstraints=CONSTRAINTS, validations=[{"expression": "true"}]),
    admission("ValidatingAdmissionPolicyBinding", policyName="attempt", validationActions=["Deny"]),
]


def test_nothing_is_written(cluster, account):
    client = Client(cluster, token(cluster))
    offset = cluster.audit_offset()
    attempts = Attempts(cluster, client).all()
    for kind in ("validatingadmissionpolicies", "validatingadmissionpolicybindings"):
        path = f"/apis/admissionregistration.k8s.io/v1/{kind}/holdfast-writes-nothing"
        attempts.send("DELETE", path)
        attempts.send("PATCH", path, {"spec": {"failurePolicy": "Ignore"}}, "application/merge-patch+json")
    event = {"apiVersion": "v1", "kind": "Event", "metadata": {"generateName": "drift.", "namespace": "ml"}, "reason": "Drift",
             "involvedObject": {"kind": "Service", "namespace": "ml", "name": "ml-model"}}
    lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "holdfast"}, "spec": {}}
    other = {**lease, "metadata": {"name": "other"}}
    leases = "/apis/coordination.k8s.io/v1/namespaces/holdfast/leases"
    assert client.send("POST", "/api/v1/namespaces/ml/events", event)[0] == 201
    assert client.send("POST", leases, lease)[0] in (201, 409)
    assert client.send("POST", leases, other)[0] == 403
    assert client.send("PATCH", f"{leases}/holdfast", {"spec": {"holderIdentity": "x"}}, "application/merge-patch+json")[0] == 200
    events = audit_of(cluster, offset)
    # all of it came to the server, as that account
    assert len(events) > 1500 and len(events) >= client.count - 5
    assert not others(events), "\n".join(others(events))
    assert {e["objectRef"]["resource"] for e in writes(events)} == {"events", "leases"}
    # where RBAC lets it through, it is the policy that refuses, with a body that is well
    refused = {p.split("?")[0] for m, p, s, t in attempts.answers if s == 403 and "holdfast-writes-nothing" in t}
    for plural in ("services", "pods", "persistentvolumeclaims"):
        assert any(p.endswith(f"/namespaces/ml/{plural}") for p in refused), plural
    for path in ("/api/v1/namespaces", "/apis/storage.k8s.io/v1/storageclasses", "/apis/apps/v1/namespaces/ml/deployments",
                 "/apis/apps/v1/namespaces/ml/statefulsets/ml-database", "/apis/batch/v1/namespaces/ml/cronjobs",
                 "/apis/ml.example.com/v1/namespaces/ml/mlpipelines/nightly", "/api/v1/persistentvolumes",
                 "/apis/autoscaling/v2/namespaces/ml/horizontalpodautoscalers/ml-model"):
        assert path in refused, path


@contextlib.contextmanager
def bound(cluster, role):
    cluster.kubectl("create", "clusterrolebinding", "holdfast-attempts", f"--clusterrole={role}",
                    "--serviceaccount=holdfast:holdfast")
    try:
        until(lambda: "yes" in cluster.kubectl("auth", "can-i", "create", "pods/exec", "-n", "ml", f"--as={NAME}", check=False),
              "the binding")
        yield
    finally:
        cluster.kubectl("delete", "clusterrolebinding", "holdfast-attempts")


def test_policy_alone(cluster, account):
    """Whatever RBAC gives: with every right, only what no policy reaches could be written."""
    client = Client(cluster, token(cluster))
    offset = cluster.audit_offset()
    with bound(cluster, "cluster-admin"):
        Attempts(cluster, client).all(skip=("admissionregistration.k8s.io",))
    events = audit_of(cluster, offset)
    assert len(events) > 1500
    assert not others(events), "\n".join(others(events))


def test_the_test_can_fail(cluster, account):
    """Without the policy, a write that RBAC allows is done, and the audit log shows it."""
    client = Client(cluster, token(cluster))
    path, patch = "/api/v1/namespaces/ml/services/ml-model", PATCHES["application/merge-patch+json"]
    merge = "application/merge-patch+json"
    offset = cluster.audit_offset()
    cluster.kubectl("delete", BINDING)
    try:
        until(lambda: client.send("PATCH", path, patch, merge)[0] == 200, "a write without the policy")
    finally:
        apply_folder(cluster, REPORT)
        cluster.kubectl("-n", "ml", "label", "service/ml-model", "attempt-")
    assert others(audit_of(cluster, offset)) == [f"patch {path}"]
    until(lambda: policy_holds(cluster), "the policy")
    assert client.send("PATCH", path, patch, merge)[0] == 403
    # and without RBAC's limits, what no policy reaches is written
    offset = cluster.audit_offset()
    with bound(cluster, "cluster-admin"):
        policy = admission("ValidatingAdmissionPolicy", matchConstraints=CONSTRAINTS, validations=[{"expression": "true"}])
        assert client.send("POST", "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies", policy)[0] == 201
    cluster.kubectl("delete", "validatingadmissionpolicy/attempt")
    assert len(others(audit_of(cluster, offset))) == 1
