"""Signing in to the cluster: tokens, plugins, certificates, proxies, and what is said when it fails."""
import base64
import json
import os
import re
import shutil
import subprocess
import uuid

import pytest
import yaml

from relays import Proxy
from support import Repository, config_map

PLUGIN_V1 = "client.authentication.k8s.io/v1"
PLUGIN_V1BETA1 = "client.authentication.k8s.io/v1beta1"

# What a plugin of a test does: it counts its runs, keeps what it was told, and answers answer.1, answer.2, ...
PLUGIN = """#!/bin/sh
cd "$1" || exit 9
printf . >>runs
printf %s "$KUBERNETES_EXEC_INFO" >info
printf %s "$FROM_KUBECONFIG" >variable
n=$(wc -c <runs)
while [ ! -e "answer.$n" ] && [ "$n" -gt 1 ]; do n=$((n - 1)); done
exec cat "answer.$n"
"""


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def write(path, text, mode=0o600):
    with open(str(path) + ".new", "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(str(path) + ".new", mode)
    os.replace(str(path) + ".new", path)
    return str(path)


class Account:
    """A kubeconfig with one context `test`: of the cluster of the tests, unless its parts say otherwise."""

    def __init__(self, cluster, folder):
        with open(cluster.kubeconfig, encoding="utf-8") as file:
            admin = yaml.safe_load(file)
        self.cluster = admin["clusters"][0]["cluster"]
        self.token = admin["users"][0]["user"]["token"]
        self.server, self.pki, self.folder = self.cluster["server"], os.path.join(cluster.folder, "pki"), str(folder)
        self.path = os.path.join(self.folder, "kubeconfig")

    def write(self, user, **cluster):
        config = {"apiVersion": "v1", "kind": "Config", "current-context": "test",
                  "contexts": [{"name": "test", "context": {"cluster": "c", "user": "tester"}}],
                  "clusters": [{"name": "c", "cluster": {**self.cluster, **cluster}}],
                  "users": [{"name": "tester", "user": user}]}
        return write(self.path, yaml.safe_dump(config))

    def certificate(self, name="cert", subject="/O=system:masters/CN=tester", days=1, authority="client-ca"):
        """A client certificate and its key, signed by the cluster's authority for clients: two paths."""
        key, request, cert = (os.path.join(self.folder, name + end) for end in (".key", ".csr", ".crt"))
        ca = os.path.join(self.pki, authority)
        for words in (["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key],
                      ["req", "-new", "-key", key, "-subj", subject, "-out", request],
                      ["x509", "-req", "-in", request, "-CA", ca + ".crt", "-CAkey", ca + ".key", "-set_serial", "77",
                       "-days", str(days), "-out", cert]):
            subprocess.run(["openssl", *words], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return cert, key

    def plugin(self, *answers, version=PLUGIN_V1, said=None, **more):
        """The user of a plugin that gives one answer after the other: a status, or the bytes of its output."""
        for number, answer in enumerate(answers, 1):
            if isinstance(answer, dict):
                answer = json.dumps({"kind": "ExecCredential", "apiVersion": said or version, "status": answer})
            write(os.path.join(self.folder, f"answer.{number}"), answer)
        write(os.path.join(self.folder, "plugin"), PLUGIN, 0o700)
        return {"exec": {"apiVersion": version, "command": "./plugin", "args": [self.folder],
                         "interactiveMode": "Never", **more}}

    def runs(self):
        try:
            return len(read(os.path.join(self.folder, "runs")))
        except FileNotFoundError:
            return 0


@pytest.fixture
def account(cluster, tmp_path):
    folder = tmp_path / "account"
    folder.mkdir()
    return Account(cluster, folder)


@pytest.fixture(scope="module")
def edited(cluster, tmp_path_factory):
    """A repository with two ConfigMaps, and a namespace in which one of them differs in one key: nobody writes there."""
    name = f"t-signin-{uuid.uuid4().hex[:8]}"
    repository = Repository(tmp_path_factory.mktemp("signin"))
    both = [config_map("a", {"k": "git"}), config_map("b", {"k": "git"})]
    repository.commit({"all.yaml": both})
    cluster.kubectl("create", "namespace", name)
    cluster.apply(both, name)
    cluster.kubectl("patch", "configmap", "b", "-n", name, "-p", '{"data": {"k": "hand"}}')
    yield repository.folder, name
    cluster.kubectl("delete", "namespace", name, "--wait=false", check=False)


@pytest.fixture
def diff(holdfast, edited, account, tmp_path):
    """A function: `diff` of what was edited; its status, drift lines and errors."""
    folder, namespace = edited

    def run(*words, kubeconfig=account.path, **environment):
        words = [*words, "--kubeconfig", kubeconfig] if kubeconfig else words
        status, out, err = holdfast("diff", folder, "-o", "json", "--namespace", namespace, "--state-dir",
                                    tmp_path / "state", *words, **environment)
        assert not err, err
        events = [json.loads(line) for line in out.splitlines()]
        drift = [e for e in events if e["event"] == "drift"]
        return status, drift, [e["message"] for e in events if e["event"] == "error"]
    return run


def signed_in(answer):
    """The report came, and it is the right one."""
    status, drift, errors = answer
    assert not errors
    assert [(d["object"]["name"], d["field"], d["want"], d["have"]) for d in drift] == [("b", "data.k", "git", "hand")]
    assert status == 1
    return True


def refused(answer):
    """The one error that ended the command; which of the first requests met it does not matter."""
    status, drift, errors = answer
    assert (status, drift, len(errors)) == (2, [], 1), answer
    return re.sub(r"^GET /(version|apis|api): ", "", errors[0])


# Tokens

def test_token_file_is_relative_to_the_kubeconfig(diff, account):
    write(os.path.join(account.folder, "token"), account.token + "\n")
    account.write({"tokenFile": "token"})
    assert signed_in(diff())


def test_token_refused(diff, account):
    account.write({"token": "s3cret"})
    assert refused(diff()) == (
        f"HTTP 401: {account.server} does not accept the sign-in (kubeconfig context test, user tester): the token in "
        "the kubeconfig has expired or was never valid there: write a new one into it")


def test_token_file_refused(diff, account):
    path = write(os.path.join(account.folder, "token"), "s3cret")
    account.write({"tokenFile": path})
    assert refused(diff()) == (
        f"HTTP 401: {account.server} does not accept the sign-in (kubeconfig context test, user tester): the token "
        f"file {path} was read again, and its token was refused as well: see why nobody renews it")


def test_token_file_absent(diff, account):
    account.write({"tokenFile": "nowhere"})
    assert refused(diff()) == (
        f"{account.server} (kubeconfig context test): user \"tester\": token file: {account.folder}/nowhere: No such "
        "file or directory")


def test_nobody(diff, account):
    """No credentials at all: the server knows no anonymous discovery, and says who we are to it."""
    account.write({})
    text = re.sub('path "/(version|apis|api)"', 'path "PATH"', refused(diff()))
    assert text == ("HTTP 403 Forbidden: forbidden: User \"system:anonymous\" cannot get path \"PATH\", from "
                    f"{account.server} (kubeconfig context test, user tester)")


# Exec plugins

@pytest.mark.parametrize("version", [PLUGIN_V1, PLUGIN_V1BETA1])
def test_plugin(diff, account, version):
    user = account.plugin({"token": account.token}, version=version, provideClusterInfo=True,
                          env=[{"name": "FROM_KUBECONFIG", "value": "a value"}])
    settings = [{"name": "client.authentication.k8s.io/exec", "extension": {"audience": "test", "deep": [1, True]}}]
    account.write(user, extensions=settings)
    assert signed_in(diff())
    assert account.runs() == 1
    ca = base64.b64encode(read(account.cluster["certificate-authority"]).encode()).decode()
    assert json.loads(read(os.path.join(account.folder, "info"))) == {
        "kind": "ExecCredential", "apiVersion": version,
        "spec": {"interactive": False,
                 "cluster": {"server": account.server, "certificate-authority-data": ca,
                             "config": {"audience": "test", "deep": [1, True]}}}}
    assert read(os.path.join(account.folder, "variable")) == "a value"


def test_plugin_is_told_what_kubectl_tells_it(diff, account, cluster):
    user = account.plugin({"token": account.token}, provideClusterInfo=True)
    settings = [{"name": "client.authentication.k8s.io/exec", "extension": {"a": "no", "b": {"c": None, "d": 1.5}}}]
    account.write(user, extensions=settings, **{"tls-server-name": "localhost", "proxy-url": "http://127.0.0.1:1"})
    diff()
    ours = json.loads(read(os.path.join(account.folder, "info")))
    cluster.kubectl("--kubeconfig", account.path, "get", "namespaces", check=False)
    assert account.runs() > 1
    assert ours == json.loads(read(os.path.join(account.folder, "info")))


def test_plugin_in_path(diff, account):
    user = account.plugin({"token": account.token})
    os.rename(os.path.join(account.folder, "plugin"), os.path.join(account.folder, "test-signin-plugin"))
    user["exec"]["command"] = "test-signin-plugin"
    account.write(user)
    assert signed_in(diff(PATH=f"{account.folder}:{os.environ['PATH']}"))


def test_plugin_answers_a_certificate(diff, account, cluster):
    cert, key = account.certificate(subject="/O=system:masters/CN=by-plugin")
    account.write(account.plugin({"clientCertificateData": read(cert), "clientKeyData": read(key)}))
    offset = cluster.audit_offset()
    assert signed_in(diff())
    assert {e["user"]["username"] for e in cluster.audit_since(offset)} == {"by-plugin"}


def test_plugin_runs_again_after_a_401(diff, account):
    account.write(account.plugin({"token": "s3cret"}, {"token": account.token}))
    assert signed_in(diff())
    assert account.runs() == 2


def test_plugin_refused(diff, account):
    account.write(account.plugin({"token": "s3cret"}))
    assert refused(diff()) == (
        f"HTTP 401: {account.server} does not accept the sign-in (kubeconfig context test, user tester): exec plugin "
        f"{account.folder}/./plugin has run again, and what it answered was refused as well: sign in with it by hand, "
        "or see whether the cluster knows this account")
    assert account.runs() in (2, 3)  # a request that was refused twice may be ahead of the others


def test_plugin_answer_that_had_expired(diff, account):
    """Clocks differ: what the plugin calls expired may be good, and is not asked for with each request."""
    account.write(account.plugin({"token": account.token, "expirationTimestamp": "2020-01-01T00:00:00Z"}))
    assert signed_in(diff())
    assert account.runs() == 1


BY_HAND = "run it by hand to see why (what it writes is not shown here: it may hold secrets)"


@pytest.mark.parametrize("answer, more, says", [
    ("s3cret", {}, "its output is not an ExecCredential in JSON"),
    ({"token": "s3cret"}, {"said": PLUGIN_V1BETA1},
     f"it answers {PLUGIN_V1BETA1}, and the kubeconfig says {PLUGIN_V1}: write {PLUGIN_V1BETA1} into the user's exec"),
    ({}, {}, "its ExecCredential has neither a token nor a certificate"),
    ({"clientCertificateData": "s3cret"}, {}, "its ExecCredential has only one of certificate and key"),
    ({"token": "s3cret", "expirationTimestamp": "tomorrow"}, {},
     "its expirationTimestamp is not a time as RFC 3339 has it"),
])
def test_plugin_answers_nonsense(diff, account, answer, more, says):
    account.write(account.plugin(answer, **more))
    assert refused(diff()) == (f"{account.server} (kubeconfig context test): user \"tester\": exec plugin "
                               f"{account.folder}/./plugin: {says}")


@pytest.mark.parametrize("script, says", [
    ("echo s3cret; echo s3cret >&2; exit 3", f"ended with status 3: {BY_HAND}"),
    ("kill -SEGV $$", f"ended by signal 11 (Segmentation fault): {BY_HAND}"),
    ("yes s3cret", "its output is larger than 1048576 bytes"),
    ("echo s3cret; exec sleep 600",
     "no answer within 30 s, killed: it may wait for a person: sign in with it by hand first"),
])
def test_plugin_fails(diff, account, script, says):
    account.write(account.plugin({}))
    write(os.path.join(account.folder, "plugin"), f"#!/bin/sh\n{script}\n", 0o700)
    assert refused(diff()) == (f"{account.server} (kubeconfig context test): user \"tester\": exec plugin "
                               f"{account.folder}/./plugin: {says}")


def test_plugin_not_installed(diff, account):
    user = account.plugin({}, installHint="Install it:\n\n  apt-get install test-signin-plugin\n")
    user["exec"]["command"] = "test-signin-plugin"
    account.write(user)
    assert refused(diff()) == (f"{account.server} (kubeconfig context test): user \"tester\": exec plugin "
                               "test-signin-plugin: not found in PATH: Install it: apt-get install test-signin-plugin")


@pytest.mark.parametrize("user, says", [
    ({"exec": {"command": "x", "apiVersion": PLUGIN_V1, "interactiveMode": "Always"}},
     "exec: interactiveMode is Always, and holdfast has nobody to ask: use a plugin that signs in by itself (Never or "
     "IfAvailable), a token file or a client certificate"),
    ({"exec": {"command": "x", "apiVersion": "client.authentication.k8s.io/v1alpha1"}},
     "exec: apiVersion \"client.authentication.k8s.io/v1alpha1\" is not known: holdfast speaks "
     "client.authentication.k8s.io/v1 and v1beta1; a newer version of the plugin does as well"),
    ({"auth-provider": {"name": "gcp"}},
     "sign-in by auth-provider gcp is the old way, which holdfast does not know: install gke-gcloud-auth-plugin and "
     "run gcloud container clusters get-credentials"),
    ({"auth-provider": {"name": "oidc"}},
     "sign-in by auth-provider oidc is the old way, which holdfast does not know: use an exec plugin such as kubectl "
     "oidc-login (kubelogin)"),
])
def test_sign_ins_that_are_not_for_us(diff, account, user, says):
    account.write(user)
    assert refused(diff()) == f"--kubeconfig: {account.path}: user \"tester\": {says}"


# Certificates

def test_client_certificate_expired(diff, account):
    cert, key = account.certificate(days=-1)
    account.write({"client-certificate": cert, "client-key": key})
    end = subprocess.run(["openssl", "x509", "-in", cert, "-noout", "-enddate", "-dateopt", "iso_8601"], check=True,
                         stdout=subprocess.PIPE).stdout.decode().strip().removeprefix("notAfter=").replace(" ", "T")
    assert refused(diff()) == (
        f"HTTP 401: {account.server} does not accept the sign-in (kubeconfig context test, user tester): the client "
        f"certificate ({cert}) expired at {end}: renew it")


def test_client_certificate_of_somebody_else(diff, account):
    cert, key = account.certificate(authority="ca")
    account.write({"client-certificate": cert, "client-key": key})
    assert refused(diff()) == (
        f"HTTP 401: {account.server} does not accept the sign-in (kubeconfig context test, user tester): the client "
        f"certificate ({cert}) is not of a CA that the server takes for clients")


def test_client_certificate_and_another_key(diff, account):
    cert, _ = account.certificate()
    _, key = account.certificate("other")
    account.write({"client-certificate": cert, "client-key": key})
    assert refused(diff()) == ("kubeconfig context test: the client key does not belong to the client certificate")


def test_certificate_authority_of_somebody_else(diff, account):
    account.write({"token": account.token}, **{"certificate-authority": os.path.join(account.pki, "client-ca.crt")})
    assert refused(diff()) == (
        f"{account.server} (kubeconfig context test): the server's certificate is not trusted (SSL certificate "
        "problem: unable to get local issuer certificate): set certificate-authority of the cluster in the kubeconfig to "
        "the CA that signed it")


# Proxies

def test_proxy(diff, account):
    with Proxy(user="me", password="p@ss word") as proxy:
        account.write({"token": account.token}, **{"proxy-url": f"http://me:p%40ss%20word@127.0.0.1:{proxy.port}"})
        # NO_PROXY is about the environment's proxy, not about this one
        assert signed_in(diff(NO_PROXY="*"))
        assert proxy.connected


def test_socks_proxy(diff, account):
    with Proxy(socks=True, user="me", password="p") as proxy:
        account.write({"token": account.token}, **{"proxy-url": f"socks5://me:p@127.0.0.1:{proxy.port}"})
        assert signed_in(diff())
        assert proxy.connected


@pytest.mark.parametrize("refusal, url, says", [
    (407, "http://me:s3cret@127.0.0.1:{port}",
     "answered 407: it wants a user and a password: put the right ones into the proxy's URL "
     "(http://user:password@host:port)"),
    (403, "http://127.0.0.1:{port}", "answered 403: it does not connect us to this server"),
])
def test_proxy_refuses(diff, account, refusal, url, says):
    with Proxy(user="me", password="p", refusal=refusal) as proxy:
        account.write({"token": account.token}, **{"proxy-url": url.format(port=proxy.port)})
        assert refused(diff()) == (f"{account.server} (kubeconfig context test): the proxy 127.0.0.1:{proxy.port} "
                                   f"{says}")


def test_proxy_down(diff, account):
    with Proxy() as proxy:
        port = proxy.port
    account.write({"token": account.token}, **{"proxy-url": f"http://me:s3cret@127.0.0.1:{port}"})
    assert refused(diff()) == (f"{account.server} (kubeconfig context test): cannot connect to the proxy "
                               f"127.0.0.1:{port}: Connection refused")


def test_proxy_of_the_environment(diff, account):
    """As kubectl: HTTPS_PROXY is for every host but this machine and those of NO_PROXY; a proxy finds names itself."""
    port = account.server.rsplit(":", 1)[1]
    with Proxy(names={"kubernetes.default.svc": "127.0.0.1"}) as proxy:
        environment = {"HTTPS_PROXY": f"http://127.0.0.1:{proxy.port}", "ALL_PROXY": "http://127.0.0.1:1"}
        account.write({"token": account.token})
        assert signed_in(diff(**environment))
        assert not proxy.connected  # the server is this machine
        account.write({"token": account.token}, server=f"https://kubernetes.default.svc:{port}")
        assert signed_in(diff(**environment))
        assert set(proxy.connected) == {f"kubernetes.default.svc:{port}"}
        proxy.connected.clear()
        assert refused(diff(NO_PROXY="10.0.0.0/8,.svc", **environment)) == (
            f"https://kubernetes.default.svc:{port} (kubeconfig context test): no address is known for this host: check "
            "its name, and this machine's name servers")
        assert not proxy.connected


# The kubeconfig's rules, which are kubectl's

def context(name, cluster="c", user="u"):
    return {"name": name, "context": {"cluster": cluster, "user": user}}


@pytest.mark.parametrize("text, says", [
    ("users:\n- {name: u, user: {}}\n- {name: u, user: {token: s3cret}}\n",
     "{path}:3: the name \"u\" stands twice in users: remove or rename one"),
    ("clusters: [{name: c, cluster: {server: 'https://h'}}, {name: c, cluster: {server: 'https://i'}}]\n",
     "{path}:1: the name \"c\" stands twice in clusters: remove or rename one"),
    ("contexts: [{name: x}]\n", "{path}: no current-context: choose one with --context (there is: x)"),
    ("current-context: y\ncontexts: [{name: x}]\n", "{path}: no context \"y\" (there is: x)"),
    ("a: [s3cret\n", "{path}:2: not YAML: did not find expected ',' or ']'"),
    ("a: " + "[" * 101 + "]" * 101, "{path}:1: nested deeper than 100"),
    ("current-context: x\ncontexts: [{name: x, context: {cluster: c, user: u}}]\n"
     "clusters: [{name: c, cluster: {server: 'https://me:s3cret@h'}}]\n",
     "{path}: cluster \"c\": a user name or password inside server (before the @) is never sent: take it out, and put "
     "it into the user's entry"),
])
def test_kubeconfig_refused(diff, account, text, says):
    write(account.path, text)
    assert refused(diff()) == "--kubeconfig: " + says.format(path=account.path)


def test_names_twice_are_refused_by_kubectl_as_well(account):
    write(account.path, "users:\n- {name: u, user: {}}\n- {name: u, user: {token: t}}\n")
    done = subprocess.run(["kubectl", "--kubeconfig", account.path, "config", "view"], stderr=subprocess.PIPE,
                          stdout=subprocess.DEVNULL, check=False)
    assert done.returncode and b"duplicate name" in done.stderr


def test_members_twice_are_as_kubectl_has_them(diff, account):
    """The last one counts."""
    account.write({})
    text = read(account.path).replace("  user: {}", f"  user: {{token: wrong, token: {account.token}}}")
    assert "wrong" in text
    write(account.path, text)
    done = subprocess.run(["kubectl", "--kubeconfig", account.path, "config", "view", "--raw", "-o",
                           "jsonpath={.users[0].user.token}"], stdout=subprocess.PIPE, check=True)
    assert done.stdout.decode() == account.token
    assert signed_in(diff())


def test_several_kubeconfigs_are_merged(diff, account):
    first, second = (os.path.join(account.folder, name) for name in ("first", "second"))
    write(first, yaml.safe_dump({"contexts": [context("x")], "users": [{"name": "u", "user": {"token": account.token}}]}))
    write(second, yaml.safe_dump({"current-context": "x", "contexts": [context("x", "other", "other")],
                                  "users": [{"name": "u", "user": {"token": "wrong", "as": "nobody"}}],
                                  "clusters": [{"name": "c", "cluster": account.cluster}]}))
    merged = f"{account.folder}/absent:{first}:{second}"
    assert signed_in(diff(kubeconfig=None, KUBECONFIG=merged))
    done = subprocess.run(["kubectl", "auth", "whoami", "-o", "jsonpath={.status.userInfo.username}"],
                          env={**os.environ, "KUBECONFIG": merged}, stdout=subprocess.PIPE, check=True)
    assert done.stdout == b"admin"


# A Pod's own account

@pytest.fixture
def service_account(cluster, namespace, account):
    """What Kubernetes mounts into a Pod of an account that may edit its namespace, and how a program sees it."""
    cluster.kubectl("create", "rolebinding", "edit", "--clusterrole=edit", f"--serviceaccount={namespace}:default",
                    "-n", namespace)
    folder = os.path.join(account.folder, "serviceaccount")
    os.mkdir(folder)
    write(os.path.join(folder, "token"), cluster.kubectl("create", "token", "default", "-n", namespace))
    write(os.path.join(folder, "namespace"), namespace)
    shutil.copy(account.cluster["certificate-authority"], os.path.join(folder, "ca.crt"))
    return folder


def test_in_cluster(service_account, account, cluster, namespace, repository, tmp_path):
    repository.commit({"a.yaml": config_map("a", {"k": "git"})})
    cluster.apply(config_map("a", {"k": "hand"}), namespace)
    host, port = account.server[len("https://"):].split(":")
    offset = cluster.audit_offset()
    # a file system of its own, in which the account lies where Kubernetes mounts it
    script = ("mount -t tmpfs none /run && mkdir -p /run/secrets/kubernetes.io && "
              "ln -s \"$0\" /run/secrets/kubernetes.io/serviceaccount && exec \"$@\"")
    done = subprocess.run(
        ["unshare", "-m", *([] if os.getuid() == 0 else ["-Ur"]), "sh", "-c", script, service_account,
         os.environ["HOLDFAST"], "diff", repository.folder, "-o", "json", "--state-dir", tmp_path / "state"],
        env={**{k: v for k, v in os.environ.items() if k.startswith(("ASAN_", "UBSAN_", "HOLDFAST_"))},
             "PATH": os.environ["PATH"], "HOME": str(tmp_path), "KUBERNETES_SERVICE_HOST": host,
             "KUBERNETES_SERVICE_PORT": port}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    events = [json.loads(line) for line in done.stdout.decode().splitlines()]
    assert [e["field"] for e in events if e["event"] == "drift"] == ["data.k"], done.stdout
    assert events[0]["object"]["namespace"] == namespace  # of the file
    users = {e["user"]["username"] for e in cluster.audit_since(offset)}
    assert users == {f"system:serviceaccount:{namespace}:default"}


# Accounts that may only look

def look_only(cluster, namespace, account, name, *rules):
    """A kubeconfig for a service account with these rules (kubectl create role's words)."""
    cluster.kubectl("create", "serviceaccount", name, "-n", namespace)
    if rules:
        cluster.kubectl("create", "role", name, "-n", namespace, *rules)
        cluster.kubectl("create", "rolebinding", name, f"--role={name}", f"--serviceaccount={namespace}:{name}", "-n",
                        namespace)
    account.write({"token": cluster.kubectl("create", "token", name, "-n", namespace)})


def test_account_that_may_only_look(diff, cluster, edited, account):
    look_only(cluster, edited[1], account, "looker", "--verb=get,list", "--resource=configmaps")
    offset = cluster.audit_offset()
    status, drift, errors = diff()
    assert (status, errors) == (1, [])
    assert [(d["object"]["name"], d["verdict"], d["class"], d["field"], d["want"], d["have"], d["unjudged"])
            for d in drift] == [("b", "drifted", "changed", "data.k", "git", "hand", True)]
    patches = [e for e in cluster.audit_since(offset) if e["verb"] == "patch"]
    assert {e["responseStatus"]["code"] for e in patches} <= {403}


def test_account_without_rights(diff, cluster, edited, account):
    look_only(cluster, edited[1], account, "nothing")
    status, drift, errors = diff()
    assert (status, errors) == (3, [])
    assert sorted((d["object"]["name"], d["verdict"]) for d in drift) == [("a", "unknown"), ("b", "unknown")]
    namespace = edited[1]
    assert sorted(d["message"] for d in drift) == [
        f"configmaps \"{name}\" is forbidden: User \"system:serviceaccount:{namespace}:nothing\" cannot get resource "
        f"\"configmaps\" in API group \"\" in the namespace \"{namespace}\"" for name in "ab"]
