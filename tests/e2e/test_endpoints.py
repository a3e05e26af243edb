"""The agent's endpoints, and what reads them: probes, metrics, /status, `holdfast status`, /sync and webhooks."""
import copy
import hashlib
import hmac
import json
import re
import signal
import socket
import time
import urllib.error
import urllib.request

import pytest
import yaml

from git_servers import free_port
from support import config_map, contains

TOKEN = "correct horse battery staple"


def free_address():
    return f"127.0.0.1:{free_port()}"


class Endpoints:
    def __init__(self, folder):
        self.address = free_address()
        self.token_file = folder / "token"
        self.token_file.write_text(TOKEN + "\n", encoding="utf-8")
        self.config = {"listen": self.address, "tokenFile": str(self.token_file)}

    def ask(self, path, data=None, method=None, headers=None):
        """(status, text, headers)"""
        request = urllib.request.Request(f"http://{self.address}{path}", data=data, method=method, headers=headers or {})
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, answer.read().decode(), answer.headers
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(), error.headers

    def until(self, path, wanted, seconds=30):
        """The answer for which `wanted` says yes."""
        end = time.monotonic() + seconds
        while True:
            try:
                answer = self.ask(path)
                if wanted(answer):
                    return answer
            except OSError as error:
                answer = error
            assert time.monotonic() < end, answer
            time.sleep(0.05)

    def status(self):
        status, text, headers = self.ask("/status")
        assert status == 200 and headers["Content-Type"] == "application/json"
        return json.loads(text)

    def sync(self, path="/sync"):
        return self.ask(path, method="POST", headers={"Authorization": f"Bearer {TOKEN}"})

    def push(self, url, path="/webhook", token=TOKEN, ref="refs/heads/main"):
        body = json.dumps({"ref": ref, "repository": {"clone_url": url}}).encode()
        signature = hmac.new(token.encode(), body, hashlib.sha256).hexdigest()
        return self.ask(path, body, headers={"X-GitHub-Event": "push", "X-Hub-Signature-256": f"sha256={signature}",
                                             "Content-Type": "application/json"})


@pytest.fixture
def endpoints(tmp_path):
    return Endpoints(tmp_path)


def test_probes_and_documents(agent, cluster, repository, namespace, endpoints, holdfast):
    cluster.apply([config_map("a", {"k": "1"}), config_map("b", {"k": "1"})], namespace)
    commit = repository.commit({"a.yaml": config_map("a", {"k": "1"}), "b.yaml": config_map("b", {"k": "1"})})
    a = agent(http=endpoints.config)
    assert endpoints.until("/readyz", lambda answer: answer[0] == 200)[1] == "ok\n"
    assert endpoints.ask("/healthz")[:2] == (200, "ok\n")
    one = endpoints.status()["sources"][0]
    assert contains(one, {"name": "infra", "revision": commit, "ready": True, "objects": 2, "inSync": 2,
                          "readError": None, "open": []}), one
    code, text, errors = holdfast("status", "--url", endpoints.address)
    assert (code, errors) == (0, "") and "2 objects, 2 in sync\n" in text and commit[:7] in text, text
    cluster.patch_data(namespace, "a", {"k": "2"})
    opened = a.drift(field="data.k")
    one = endpoints.status()["sources"][0]
    assert contains(one, {"inSync": 1, "drift": {"changed": 1, "missing": 0}}), one
    assert len(one["open"]) == 1, one
    assert contains(one["open"][0], {"id": opened["id"], "field": "data.k", "have": "2", "state": "opened"}), one
    code, text, _ = holdfast("status", "--config", a.config_file)
    assert code == 1 and f"~ ConfigMap {namespace}/a" in text and "1 changed" in text, text
    code, text, _ = holdfast("status", "--config", a.config_file, "-o", "json")
    assert code == 1 and json.loads(text)["sources"][0]["name"] == "infra"
    status, text, headers = endpoints.ask("/metrics")
    assert status == 200 and headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    for line in (f'holdfast_open_drift{{source="infra",namespace="{namespace}",kind="ConfigMap",class="changed"}} 1',
                 'holdfast_source_ready{source="infra"} 1',
                 f'holdfast_source_revision_info{{source="infra",revision="{commit}"}} 1',
                 'holdfast_drift_lines_total{state="opened"} 1'):
        assert line + "\n" in text, line
    assert re.search(r'^holdfast_kubernetes_requests_total\{verb="list",code="200"\} [1-9]', text, re.M), text
    assert re.search(r'^holdfast_kubernetes_requests_total\{verb="watch",code="200"\} [1-9]', text, re.M), text
    # each line is a comment or a sample
    sample = re.compile(r'[a-z_]+(\{([a-z_]+="([^"\\\n]|\\.)*",?)*\})? (-?[0-9.e+-]+|\+Inf)')
    assert not [line for line in text.splitlines() if line[0] != "#" and not sample.fullmatch(line)]
    assert a.stop() == 0
    code, _, errors = holdfast("status", "--url", endpoints.address)
    assert code == 2 and "no agent answers" in errors, errors


def test_sync_and_webhooks(agent, repository, endpoints):
    """With an interval of an hour, what brings a commit here is the request alone."""
    repository.commit({"a.yaml": config_map("a", {"k": "1"})})
    a = agent(http=endpoints.config, source={"interval": "1h"})
    a.drift(verdict="missing", object={"name": "a"})
    repository.commit({"b.yaml": config_map("b", {"k": "1"})})
    assert endpoints.ask("/sync", method="POST")[0] == 401
    assert endpoints.sync()[:2] == (202, '{"sources":1}\n')
    a.drift(verdict="missing", object={"name": "b"})
    repository.commit({"c.yaml": config_map("c", {"k": "1"})})
    assert endpoints.push("https://git.example/else.git")[:2] == (200, '{"sources":0}\n')
    assert endpoints.push(repository.url, token="wrong")[0] == 401
    assert endpoints.push(repository.url, ref="refs/heads/other")[1] == '{"sources":0}\n'
    assert endpoints.push(repository.url)[:2] == (202, '{"sources":1}\n')
    a.drift(verdict="missing", object={"name": "c"})
    repository.commit({"d.yaml": config_map("d", {"k": "1"})})
    assert endpoints.push("https://git.example/mirror.git", "/webhook/infra")[0] == 202
    a.drift(verdict="missing", object={"name": "d"})
    assert endpoints.sync("/sync?source=infra")[0] == 202
    assert endpoints.sync("/sync?source=none")[:2] == (404, "no source is called none\n")
    log = "".join(line.decode() for line in a.raw)
    assert TOKEN not in log and "a request with a wrong signature was refused" in log


def test_not_ready(agent, repository, endpoints, holdfast):
    """A source that cannot be read: not ready, with the reason, and `status` says that nothing is known."""
    repository.commit({"a.yaml": config_map("a", {"k": "1"})})
    a = agent(http=endpoints.config, source={"ref": "absent"})
    a.wait(event="error")
    status, text, _ = endpoints.ask("/readyz")
    assert status == 503 and text.startswith("source infra: ") and "absent" in text, text
    assert endpoints.ask("/healthz")[0] == 200
    code, text, _ = holdfast("status", "--url", f"http://{endpoints.address}/")
    assert code == 3 and "could not be read: " in text and "read never" in text, text


def test_reads_that_fail_come_seldom(agent, repository, endpoints):
    """Until somebody asks for one: what cannot succeed is not fetched each interval."""
    repository.commit({"a.yaml": config_map("a", {"k": "1"})})
    a = agent(http=endpoints.config, source={"ref": "absent"})

    def failed(count):
        said = re.compile(r'^holdfast_errors_total\{class="git"\} %d$' % count, re.M)
        endpoints.until("/metrics", lambda answer: said.search(answer[1]))
        return time.monotonic()
    assert failed(6) + 3.5 < failed(7)  # of an interval of 1 s
    repository.git("branch", "absent")
    assert endpoints.sync()[0] == 202
    a.wait(event="note", message="the source can be read again", seconds=4)


def definition(group):
    """A kind that is there later."""
    spec = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    return {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": f"laters.{group}"},
            "spec": {"group": group, "scope": "Namespaced", "names": {"plural": "laters", "kind": "Later"},
                     "versions": [{"name": "v1", "served": True, "storage": True, "schema": {
                         "openAPIV3Schema": {"type": "object", "properties": {"spec": spec}}}}]}}


def test_exports(agents, cluster, repository, namespace, endpoints, holdfast):
    """A path of an object that Git does not declare: pending, there, another, gone; to the log and to /status."""
    repository.commit({"a.yaml": config_map("a", {"k": "1"})})
    export = {"apiVersion": "holdfast.dev/v1", "kind": "Export", "metadata": {"name": "address", "namespace": namespace},
              "spec": {"from": {"object": {"apiVersion": "v1", "kind": "Service", "name": "model"},
                                "path": "status.loadBalancer.ingress[0].hostname"},
                       "default": "pending...", "to": {"log": True}}}
    group = f"{namespace}.example.com"
    later = copy.deepcopy(export)
    later["metadata"]["name"] = "later"
    later["spec"]["from"] = {"object": {"apiVersion": f"{group}/v1", "kind": "Later", "name": "one"}, "path": "spec.size"}
    config = [{"sources": [{"name": "infra", "url": repository.url, "ref": "main"}], "http": endpoints.config,
               "kubernetes": {"defaultNamespace": namespace}}, export, later]
    a = agents(config, cluster.kubeconfig)
    a.wait(event="note", message=f"Export of Later one cannot be read: the cluster does not serve the kind in {group}/v1")
    a.wait(event="export", name="address", namespace=namespace, value="pending...", default=True)
    cluster.apply(definition(group))
    cluster.kubectl("wait", "--for=condition=Established", f"crd/laters.{group}")
    cluster.apply({"apiVersion": f"{group}/v1", "kind": "Later", "metadata": {"name": "one"}, "spec": {"size": "L"}}, namespace)
    a.wait(event="export", name="later", value="L", default=False)
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "model"},
               "spec": {"type": "LoadBalancer", "ports": [{"port": 80}]}}
    cluster.apply(service, namespace)

    def balance(host):
        cluster.kubectl("patch", "service", "model", "-n", namespace, "--subresource=status", "--type=merge", "-p",
                        json.dumps({"status": {"loadBalancer": {"ingress": [{"hostname": host}]}}}))
    balance("a.example")
    told = a.wait(event="export", value="a.example", default=False)
    assert contains(told, {"object": {"kind": "Service", "namespace": namespace, "name": "model"}, "level": "info"})
    balance("b.example")
    a.wait(event="export", value="b.example")
    assert contains(endpoints.status()["exports"][0], {"name": "address", "value": "b.example", "message": None})
    assert f"{namespace}/address = b.example\n" in holdfast("status", "--url", endpoints.address)[1]
    cluster.kubectl("delete", "service", "model", "-n", namespace)
    a.wait(event="export", value="pending...", default=True)
    assert len(a.seen(event="export", name="address")) == 4, a.tail()
    cluster.kubectl("delete", f"crd/laters.{group}")
    export["spec"]["to"] = {"secret": {"name": "s", "key": "k"}}
    a.configure(config)
    a.signal(signal.SIGHUP)
    refused = a.wait(event="error")["message"]
    assert "Export address: spec.to.secret: this version writes nothing to the cluster" in refused, refused


def test_kubernetes_events(agent, cluster, repository, namespace):
    """Drift on the object itself, where `kubectl describe` shows it; nothing of a Secret; none unless asked for."""
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"key": "one"}}
    both = [config_map("a", {"k": "1"}), secret]
    cluster.apply(both, namespace)
    repository.commit({"a.yaml": both[0], "s.yaml": secret, "gone.yaml": config_map("gone", {})})
    quiet = agent()
    quiet.drift(verdict="missing")
    quiet.stop()
    a = agent(kubernetes={"events": True})
    a.ready()
    cluster.patch_data(namespace, "a", {"k": "2"})
    a.drift(field="data.k")
    cluster.kubectl("patch", "secret", "s", "-n", namespace, "--type=merge", "-p", '{"stringData":{"key":"canary"}}')
    a.drift(field="data.key")

    def events():
        found = cluster.get("events.events.k8s.io", "-n", namespace)["items"]
        return {(e["regarding"]["name"], e["reason"]): e for e in found if
                e["reportingController"] == "holdfast.dev/holdfast"}
    end = time.monotonic() + 30
    while len(events()) < 3 and time.monotonic() < end:
        time.sleep(0.1)
    found = events()
    assert set(found) == {("gone", "Missing"), ("a", "Drifted"), ("s", "Drifted")}, found
    note = found["a", "Drifted"]["note"]
    assert note.startswith('data.k: changed, want "1", have "2"; by kubectl-patch, at or before 20') and "a.yaml:" in note, note
    assert found["s", "Drifted"]["note"].startswith("data.key: changed (values are not shown); "), found
    text = cluster.kubectl("describe", "configmap", "a", "-n", namespace)
    assert "Drifted" in text, text
    assert not a.seen(event="note", level="warning"), a.tail()


def listener(address):
    """The inode of the socket that listens there, or None."""
    port = f":{int(address.rpartition(':')[2]):04X}"
    with open("/proc/net/tcp", encoding="ascii") as file:
        rows = [line.split() for line in file][1:]
    found = [row[9] for row in rows if row[1].endswith(port) and row[3] == "0A"]
    return found[0] if found else None


def test_hangup_keeps_the_endpoints(agent, repository, endpoints, tmp_path):
    """The same address is not opened anew; another one is had before the old one goes, which else stays."""
    repository.commit({"a.yaml": config_map("a", {"k": "1"})})
    a = agent(http=endpoints.config)
    a.ready()
    kept = listener(endpoints.address)
    with open(a.config_file, encoding="utf-8") as file:
        config = yaml.safe_load(file)

    def hang_up(wanted="the configuration was read again", event="note", **settings):
        config.update(settings)
        a.configure(config)
        a.signal(signal.SIGHUP)
        message = a.wait(event=event)["message"]
        while wanted not in message:
            message = a.wait(event=event)["message"]
        return message

    hang_up()
    token = tmp_path / "another"
    token.write_text("another\n", encoding="utf-8")
    hang_up(http={**endpoints.config, "tokenFile": str(token)})
    assert listener(endpoints.address) == kept
    assert endpoints.sync()[0] == 401
    assert endpoints.ask("/sync", method="POST", headers={"Authorization": "Bearer another"})[0] == 202
    hang_up(f"another stateDir takes a restart: it is still {a.folder}/state", stateDir=str(tmp_path / "elsewhere"))
    said = hang_up("holdfast.yaml", "error", http={"listen": "myhost:8080"})
    assert "http.listen: an address belongs here, not a name; the configuration from before stays in force" in said, said
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        said = hang_up("http.listen", "error", http={"listen": address})
        assert said == (f"http.listen: {address}: Address already in use; the endpoints stay at {endpoints.address} until a "
                        "restart or another SIGHUP"), said
        a.wait(event="note", message="the configuration was read again")
        assert listener(endpoints.address) == kept
    assert endpoints.ask("/healthz")[0] == 200
    port = endpoints.address.rpartition(":")[2]
    hang_up(http={"listen": f":{port}"})  # our own socket is in the way
    assert endpoints.ask("/healthz")[0] == 200
    for wanted in ("192.0.2.1:9", f"192.0.2.1:{port}"):  # no address of ours
        hang_up("http.listen", "error", http={"listen": wanted})
        a.wait(event="note", message="the configuration was read again")
    assert endpoints.ask("/healthz")[0] == 200
    before, endpoints.address = endpoints.address, free_address()
    hang_up(http={"listen": endpoints.address})
    assert endpoints.ask("/healthz")[0] == 200 and listener(before) is None
    hang_up(http={})
    assert listener(endpoints.address) is None
    assert a.stop() == 0
