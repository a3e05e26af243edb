"""Sign-ins that change while the agent runs: tokens, plugins' answers, certificates of both sides."""
import datetime
import os
import subprocess
import time

import pytest

from faults import CALM, fake_clock
from relays import TlsRelay
from support import SECONDS, SLOWER, config_map
from test_signin import Account, read, write


@pytest.fixture
def account(cluster, tmp_path):
    folder = tmp_path / "account"
    folder.mkdir()
    return Account(cluster, folder)


class Edits:
    """A ConfigMap of the repository that hands edit: each edit has a line, for which the server is asked."""

    def __init__(self, cluster, namespace):
        self.cluster, self.namespace, self.count = cluster, namespace, 0

    def edit(self):
        self.count += 1
        self.cluster.kubectl("patch", "configmap", "a", "-n", self.namespace, "--type=merge", "-p",
                             f'{{"data": {{"k": "hand {self.count}"}}}}')
        return f"hand {self.count}"


@pytest.fixture
def edits(cluster, repository, namespace):
    repository.commit({"a.yaml": config_map("a", {"k": "git"})})
    cluster.apply(config_map("a", {"k": "git"}), namespace)
    return Edits(cluster, namespace)


@pytest.fixture
def editors(cluster, namespace):
    """A function: a service account that may do the agent's whole job in the namespace; its name to the server."""
    def make(name):
        cluster.kubectl("create", "serviceaccount", name, "-n", namespace)
        cluster.kubectl("create", "rolebinding", name, "--clusterrole=edit", f"--serviceaccount={namespace}:{name}", "-n",
                        namespace)
        return f"system:serviceaccount:{namespace}:{name}"
    return make


def users(cluster, offset, codes=(200, 201)):
    return {e["user"]["username"] for e in cluster.audit_since(offset) if e["responseStatus"]["code"] in codes}


def told(agent, have):
    """The line of an edit, opened or updated."""
    return agent.wait(event="drift", field="data.k", have=have, verdict="drifted")


def refusals(cluster, offset):
    return [e for e in cluster.audit_since(offset) if e["responseStatus"]["code"] == 401]


def test_token_file_changes(agent, account, cluster, namespace, edits, editors):
    first, second = editors("first"), editors("second")
    path = write(os.path.join(account.folder, "token"), cluster.kubectl("create", "token", "first", "-n", namespace))
    offset = cluster.audit_offset()
    running = agent(kubeconfig=account.write({"tokenFile": path}))
    running.ready()
    told(running, edits.edit())
    assert users(cluster, offset) == {first}
    write(path, cluster.kubectl("create", "token", "second", "-n", namespace))
    offset = cluster.audit_offset()
    told(running, edits.edit())
    # the watch goes on as it began; what is asked now is asked as the new one
    assert second in users(cluster, offset)
    assert not running.seen(event="error")


def test_token_revoked_and_renewed(agent, account, cluster, namespace, edits, editors):
    editors("bound")
    cluster.kubectl("create", "secret", "generic", "leash", "-n", namespace)
    token = ["create", "token", "bound", "-n", namespace, "--bound-object-kind=Secret", "--bound-object-name=leash"]
    path = write(os.path.join(account.folder, "token"), cluster.kubectl(*token))
    running = agent(kubeconfig=account.write({"tokenFile": path}))
    running.ready()
    told(running, edits.edit())
    offset = cluster.audit_offset()
    cluster.kubectl("delete", "secret", "leash", "-n", namespace)
    end = time.monotonic() + 60  # the server keeps what it knows of a token for some seconds
    while not subprocess.run(["kubectl", "--kubeconfig", account.path, "get", "configmap", "a", "-n", namespace],
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode:
        assert time.monotonic() < end
    edits.edit()
    line = (f"HTTP 401: {account.server} does not accept the sign-in (kubeconfig context test, user tester): the token "
            f"file {path} was read again, and its token was refused as well: see why nobody renews it")
    unknown = running.wait(seconds=150, event="drift", verdict="unknown")
    assert unknown["message"] == line
    assert not running.seen(event="drift", verdict="drifted", state="cleared")
    assert len(refusals(cluster, offset)) < 20  # by itself, and bounded
    cluster.kubectl("create", "secret", "generic", "leash", "-n", namespace)
    write(path, cluster.kubectl(*token))
    told(running, edits.edit())


def test_one_api_refuses_every_answer(agents, account, cluster, repository, namespace, proxies, tmp_path):
    """The others take them: the plugin runs more and more seldom for it. Time runs ten times as fast."""
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "type": "Opaque"}
    documents = [config_map("a", {"k": "git"}), secret]
    cluster.apply(documents, namespace)
    repository.commit({"all.yaml": documents})
    door = proxies()
    door.fault("401 kind=secrets")
    _, environment = fake_clock(str(tmp_path / "clock"), f"+0 x{max(1, 10 / SLOWER):g}", steady=False)
    one = agents({"sources": [{"name": "infra", "url": repository.url, "ref": "main", **CALM}],
                  "kubernetes": {"defaultNamespace": namespace}},
                 account.write(account.plugin({"token": account.token}), server=door.server), environment=environment)
    one.ready()
    time.sleep(30 * SLOWER)  # five minutes
    assert 2 <= account.runs() <= 10
    cluster.patch_data(namespace, "a", {"k": "hand"})
    told(one, "hand")


def test_plugin_answer_expires(agent, account, cluster, edits):
    """It is asked again shortly before, and not with every request; nothing is ever refused."""
    def answer(seconds):
        until = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
        return {"token": account.token, "expirationTimestamp": until.strftime("%Y-%m-%dT%H:%M:%SZ")}
    user = account.plugin(answer(15), answer(3600))
    offset = cluster.audit_offset()
    running = agent(kubeconfig=account.write(user))
    running.ready()
    assert account.runs() == 1
    end = time.monotonic() + SECONDS + 15
    while account.runs() < 2:
        told(running, edits.edit())
        assert time.monotonic() < end
    for _ in range(3):
        told(running, edits.edit())
    assert account.runs() == 2
    assert not refusals(cluster, offset)
    assert not running.seen(event="error")


def test_client_certificate_rotates(agent, account, cluster, edits):
    cert, key = account.certificate(subject="/O=system:masters/CN=first")
    other_cert, other_key = account.certificate("other", subject="/O=system:masters/CN=second")
    offset = cluster.audit_offset()
    running = agent(kubeconfig=account.write({"client-certificate": cert, "client-key": key}))
    running.ready()
    told(running, edits.edit())
    assert users(cluster, offset) == {"first"}
    write(cert, read(other_cert))
    told(running, edits.edit())  # half a rotation: the old pair stays in force
    offset = cluster.audit_offset()
    write(key, read(other_key))
    told(running, edits.edit())
    assert "second" in users(cluster, offset)
    assert not running.seen(event="error")


def test_certificate_authority_rotates(agent, account, cluster, edits):
    """The server's certificate is suddenly of another CA: its connections end, and the CA's file follows later."""
    def server_certificate(name):
        words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1",
                 "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1",
                 "-keyout", f"{account.folder}/{name}.key", "-out", f"{account.folder}/{name}.crt"]
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return f"{account.folder}/{name}.crt", f"{account.folder}/{name}.key"
    first, second = server_certificate("first"), server_certificate("second")
    authority = write(os.path.join(account.folder, "ca.crt"), read(first[0]))
    with TlsRelay(account.server.rsplit(":", 1)[1], account.cluster["certificate-authority"], *first) as relay:
        server = f"https://127.0.0.1:{relay.port}"
        running = agent(kubeconfig=account.write({"token": account.token}, server=server,
                                                 **{"certificate-authority": authority}))
        running.ready()
        told(running, edits.edit())
        relay.change(*second)
        relay.cut()
        edits.edit()
        line = (f"LIST of configmaps: {server} (kubeconfig context test): the server's certificate is not trusted (SSL "
                "certificate problem: self-signed certificate): set certificate-authority of the cluster in the kubeconfig to "
                "the CA that signed it")
        seen = running.wait(seconds=150, event="drift", verdict="unknown")
        assert seen["message"] == line
        write(authority, read(second[0]))
        running.wait(seconds=90, event="drift", field="data.k", have=edits.edit(), verdict="drifted")
