"""What the end-to-end tests share: a repository, a cluster, an agent under test."""
import datetime
import json
import os
import re
import shutil
import signal
import ssl
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request

import yaml

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
HOLDFAST = os.environ.get("HOLDFAST") or os.path.join(ROOT, "build", "holdfast")
SECONDS = float(os.environ.get("E2E_SECONDS", "30"))  # how long an event is waited for; sanitizers need more
SLOWER = max(1.0, SECONDS / 30)  # how many times as long as usual
FINDINGS = os.environ.get("HOLDFAST_FINDINGS")  # the folder to which sanitizers or valgrind write what they find

# its shadow takes terabytes, and all of it takes longer; valgrind is alike
with open(HOLDFAST, "rb") as built:
    SANITIZED = bool(FINDINGS) or b"__asan_init" in built.read()


def clean_environment(home, **more):
    """Ours without what would lead a program to another cluster or configuration."""
    kept = {name: value for name, value in os.environ.items()
            if not name.startswith(("KUBE", "XDG_", "GIT_", "HTTP", "http", "NO_PROXY", "no_proxy"))}
    return {**kept, "HOME": str(home), "LC_ALL": "C.UTF-8", **more}


def contains(value, wanted):
    """Is `wanted` a part of the value? Objects by subset, None means absent or null."""
    if isinstance(wanted, dict):
        return isinstance(value, dict) and all(contains(value.get(k), v) for k, v in wanted.items())
    return value == wanted


def without_times(text):
    return re.sub(r"20\d\d-\d\d-\d\dT[0-9:.]+Z", "TIME", text)


class Repository:
    """A Git repository that a test commits to."""

    def __init__(self, folder):
        self.folder = str(folder)
        os.makedirs(self.folder, exist_ok=True)
        self.git("init", "-q", "-b", "main")
        self.url = "file://" + self.folder

    def git(self, *words, check=True):
        environment = clean_environment(self.folder, GIT_CONFIG_NOSYSTEM="1", GIT_AUTHOR_NAME="Test",
                                        GIT_AUTHOR_EMAIL="test@holdfast.invalid", GIT_COMMITTER_NAME="Test",
                                        GIT_COMMITTER_EMAIL="test@holdfast.invalid")
        done = subprocess.run(["git", "-C", self.folder, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              env=environment, check=False)
        if check and done.returncode:
            raise AssertionError(f"git {words}: {done.stdout.decode(errors='replace')}")
        return done.stdout.decode(errors="replace").strip()

    def write(self, name, content):
        """A file: text, bytes, or documents (a dict or several)."""
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if isinstance(content, (dict, list)):
            documents = content if isinstance(content, list) else [content]
            content = yaml.safe_dump_all(documents, sort_keys=False)
        with open(path, "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())

    def commit(self, files=None, message="change"):
        """Writes files (None as content: removes), commits all, and answers the commit."""
        for name, content in (files or {}).items():
            if content is None:
                os.remove(os.path.join(self.folder, name))
            else:
                self.write(name, content)
        self.git("add", "-A", "-f", ".")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")


class AuditOffset(int):
    """A byte offset into the audit log, and as `at` the moment of it, as the log writes times."""

    def __new__(cls, offset):
        self = super().__new__(cls, offset)
        self.at = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        return self


class Cluster:
    """The API server behind KUBECONFIG, or the one that tests/cluster/up started in a folder."""

    def __init__(self, folder=None):
        self.folder = folder or os.environ["HOLDFAST_TEST_CLUSTER"]
        self.kubeconfig = os.path.join(self.folder, "kubeconfig")
        with open(self.kubeconfig, encoding="utf-8") as file:
            self.server = yaml.safe_load(file)["clusters"][0]["cluster"]["server"]
        self.audit = os.path.join(self.folder, "audit.log")

    def kubectl(self, *words, data=None, check=True):
        if isinstance(data, (dict, list)):
            data = yaml.safe_dump_all(data if isinstance(data, list) else [data])
        done = subprocess.run(["kubectl", "--kubeconfig", self.kubeconfig, *words], input=data.encode() if data else None, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=120, check=False)
        if check and done.returncode:
            raise AssertionError(f"kubectl {' '.join(words)}: {done.stderr.decode(errors='replace')}")
        return done.stdout.decode()

    def api(self, method, path, body=None, content_type="application/merge-patch+json"):
        """One request as admin, without the start of a kubectl: (status, answer)."""
        with open(os.path.join(self.folder, "pki", "admin.header"), encoding="utf-8") as file:
            header = file.read().strip().partition(": ")[2]
        context = ssl.create_default_context(cafile=os.path.join(self.folder, "pki", "ca.crt"))
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.server + path, data=data, method=method,
                                         headers={"Authorization": header, "Content-Type": content_type,
                                                  "User-Agent": "test"})
        try:
            with urllib.request.urlopen(request, timeout=30, context=context) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(errors="replace")

    def patch_data(self, namespace, name, value, manager="kubectl-patch"):
        """Data of a ConfigMap, as somebody with kubectl patch, or another tool."""
        path = f"/api/v1/namespaces/{namespace}/configmaps/{name}?fieldManager={manager}"
        status, answer = self.api("PATCH", path, {"data": value})
        assert status == 200, answer

    def apply(self, documents, namespace=None, manager="holdfast"):
        where = ["-n", namespace] if namespace else []
        return self.kubectl("apply", "--server-side", f"--field-manager={manager}", "--force-conflicts", *where,
                            "-f", "-", data=documents)

    def established(self, crd):
        """Waits for a CRD; kubectl wait fails where it has no conditions yet."""
        end = time.monotonic() + 60
        while "True" not in self.kubectl("get", "crd", crd, "-o",
                                         'jsonpath={.status.conditions[?(@.type=="Established")].status}'):
            assert time.monotonic() < end, f"{crd} is not Established"
            time.sleep(0.1)

    def get(self, *words):
        return json.loads(self.kubectl("get", *words, "-o", "json"))

    def audit_since(self, offset, user_agent="holdfast/"):
        """The audit events of requests that came since audit_offset() gave that offset, of our user agent."""
        self.audit_written()
        with open(self.audit, "rb") as file:
            file.seek(offset)
            lines = file.read().rpartition(b"\n")[0].decode().splitlines()  # the last one may be half written
        events = (json.loads(line) for line in lines if f'"userAgent":"{user_agent}' in line)
        return [e for e in events if (e["stage"] == "ResponseComplete" or e["verb"] == "watch") and
                e["requestReceivedTimestamp"] >= offset.at]

    def audit_written(self):
        """Waits until the audit log has what was answered before: a line is written behind the answer."""
        mark, end = f"/version?mark={time.time_ns()}", time.monotonic() + 10
        self.api("GET", mark)
        while time.monotonic() < end:
            with open(self.audit, "rb") as file:
                file.seek(max(0, os.path.getsize(self.audit) - 256 * 1024))
                if mark.encode() in file.read():
                    return
            time.sleep(0.02)
        raise AssertionError("the audit log does not tell of a request that was answered")

    def audit_offset(self):
        """Where the audit log's last whole line ends, and when; requests from before may be written behind it."""
        self.audit_written()
        with open(self.audit, "rb") as file:
            return AuditOffset(file.read().rfind(b"\n") + 1)


def account(cluster, name, folder):
    """A service account that may do anything: its user name, which the audit log has, and a kubeconfig of it."""
    cluster.kubectl("create", "serviceaccount", name, "-n", "kube-system")
    cluster.kubectl("create", "clusterrolebinding", f"test-{name}", "--clusterrole=cluster-admin",
                    f"--serviceaccount=kube-system:{name}")
    return f"system:serviceaccount:kube-system:{name}", account_kubeconfig(cluster, name, "kube-system", folder)


def account_kubeconfig(cluster, name, namespace, folder):
    """A kubeconfig, in that folder, of a service account that is there."""
    token = cluster.kubectl("create", "token", name, "-n", namespace, "--duration=4h").strip()
    with open(cluster.kubeconfig, encoding="utf-8") as file:
        config = yaml.safe_load(file)
    config["users"][0]["user"] = {"token": token}
    path = os.path.join(str(folder), f"kubeconfig-{name}")
    with open(path, "w", encoding="utf-8") as file:
        yaml.safe_dump(config, file)
    return path


class Agent:
    """`holdfast agent` with its log, JSON Lines on standard output."""

    def __init__(self, folder, config, kubeconfig=None, environment=None, words=(), program=None):
        self.folder = tempfile.mkdtemp(prefix="agent.", dir=str(folder))
        self.config_file = os.path.join(self.folder, "holdfast.yaml")
        self.kubeconfig, self.environment, self.words = kubeconfig, environment or {}, list(words)
        self.program = program or HOLDFAST
        self.events, self.raw, self.child = [], [], None
        self.condition, self.position, self.ended = threading.Condition(), 0, None
        self.configure(config)
        self.start()

    def configure(self, config):
        """Writes the configuration: a dict or a list of documents (or text, as it stands)."""
        if not isinstance(config, str):
            documents = config if isinstance(config, list) else [config]
            documents[0] = {"apiVersion": "holdfast.dev/v1", "kind": "Config",
                            "stateDir": os.path.join(self.folder, "state"), **documents[0]}
            kubernetes = documents[0].setdefault("kubernetes", {})
            if self.kubeconfig:
                kubernetes.setdefault("kubeconfig", self.kubeconfig)
            config = yaml.safe_dump_all(documents, sort_keys=False)
        with open(self.config_file + ".new", "w", encoding="utf-8") as file:
            file.write(config)
        os.replace(self.config_file + ".new", self.config_file)

    def start(self):
        self.errors = open(os.path.join(self.folder, "stderr"), "ab")  # pylint: disable=consider-using-with
        self.child = subprocess.Popen([self.program, "agent", "--config", self.config_file, *self.words],
                                      stdout=subprocess.PIPE, stderr=self.errors, stdin=subprocess.DEVNULL,
                                      env=clean_environment(self.folder, **self.environment))
        threading.Thread(target=self.read, args=(self.child,), daemon=True).start()

    def read(self, child):
        for line in child.stdout:
            with self.condition:
                self.raw.append(line)
                self.events.append(json.loads(line))
                self.condition.notify_all()
        with self.condition:
            self.ended = child
            self.condition.notify_all()

    def wait(self, seconds=None, **wanted):
        """The next event (after the one found last) that has these members."""
        end = time.monotonic() + (seconds or SECONDS)
        with self.condition:
            at = self.position
            while True:
                while at < len(self.events):
                    at += 1
                    if contains(self.events[at - 1], wanted):
                        self.position = at
                        return self.events[at - 1]
                left = end - time.monotonic()
                if left <= 0 or (self.ended is self.child and at == len(self.events)):
                    raise AssertionError(f"no event {wanted} came; the log:\n{self.tail()}")
                self.condition.wait(left)

    def seen(self, **wanted):
        """All events so far that have these members."""
        with self.condition:
            return [e for e in self.events if contains(e, wanted)]

    def drift(self, state="opened", **wanted):
        return self.wait(event="drift", state=state, **wanted)

    def ready(self, source=None):
        """Waits for a summary: the source was read and every object judged."""
        return self.wait(event="summary", **({"source": source} if source else {}))

    def tail(self):
        with open(os.path.join(self.folder, "stderr"), encoding="utf-8", errors="replace") as file:
            errors = file.read()
        return "".join(json.dumps(e) + "\n" for e in self.events[-40:]) + errors[-3000:]

    def signal(self, number):
        self.child.send_signal(number)

    def stop(self, seconds=10 * SLOWER):
        """SIGTERM, and the exit status."""
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
        try:
            return self.child.wait(seconds)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
            raise AssertionError(f"SIGTERM did not end it in {seconds} s; the log:\n{self.tail()}") from None

    def kill(self):
        if self.child.poll() is None:
            self.child.kill()
        self.child.wait()

    def close(self):
        if FINDINGS and self.child.poll() is None:  # leaks are only looked for at an orderly end
            self.child.send_signal(signal.SIGCONT)
            self.child.send_signal(signal.SIGTERM)
            try:
                self.child.wait(SECONDS)
            except subprocess.TimeoutExpired:
                pass  # the test has its own word on that
        self.kill()
        self.errors.close()
        shutil.rmtree(os.path.join(self.folder, "state"), ignore_errors=True)


def config_map(name, data, namespace=None, **metadata):
    meta = {"name": name, **({"namespace": namespace} if namespace else {}), **metadata}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": data}


def run_crd(group):
    """The CRD of Run, which may have any field."""
    return {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": f"runs.{group}"},
            "spec": {"group": group, "scope": "Namespaced", "names": {"plural": "runs", "kind": "Run"},
                     "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {
                         "type": "object", "x-kubernetes-preserve-unknown-fields": True}}}]}}


def deployment(name, replicas=1, image="registry.invalid/model:1", namespace=None):
    meta = {"name": name, **({"namespace": namespace} if namespace else {})}
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [{"name": "main", "image": image}]}}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta,
            "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": template}}
