"""A cluster that is loaded with the generated repository: what the bench and the long tests share."""
import http.client
import json
import os
import queue
import signal
import ssl
import sys
import threading
import time
import urllib.parse

import manifests

LOADERS = 8
QUIET_SECONDS = 300


class Failure(Exception):
    pass


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


class Cluster:
    """The cluster that tests/cluster/run has started."""

    def __init__(self):
        self.folder = os.environ["HOLDFAST_TEST_CLUSTER"]
        self.server = os.environ["HOLDFAST_TEST_SERVER"]
        self.kubeconfig = os.path.join(self.folder, "kubeconfig")
        self.ca = os.path.join(self.folder, "pki", "ca.crt")
        self.token = os.path.join(self.folder, "pki", "admin.header")
        self.audit = os.path.join(self.folder, "audit.log")
        with open(self.token, encoding="utf-8") as file:
            self.authorization = file.read().strip().partition(": ")[2]
        self.tls = ssl.create_default_context(cafile=self.ca)

    def connect(self):
        where = urllib.parse.urlsplit(self.server)
        return http.client.HTTPSConnection(where.hostname, where.port, context=self.tls, timeout=60)

    def ask(self, connection, method, path, body=None, content_type="application/apply-patch+yaml"):
        """The answer; retried when the server is busy, and when it has closed a connection that nobody used."""
        headers = {"Authorization": self.authorization, "Accept": "application/json", "User-Agent": "holdfast-bench"}
        if body is not None:
            headers["Content-Type"] = content_type
        for again in range(20):
            try:
                connection.request(method, path, body, headers)
                answer = connection.getresponse()
                data = answer.read()
            except (OSError, http.client.HTTPException):
                connection.close()  # the next request opens it
                if again:
                    raise
                continue
            if answer.status in (200, 201):
                return data
            if answer.status not in (409, 429, 500, 503):
                break
            time.sleep(0.2)
        raise Failure(f"{method} {path}: {answer.status} {data[:400]!r}")

    def apply(self, connection, path, text):
        return self.ask(connection, "PATCH", f"{path}?fieldManager=holdfast&force=true", text.encode())

    def load(self, found, turns=(0, 1, 2)):
        """Server-side apply of all objects; first namespaces, last autoscalers. `turns`: or some of these."""
        def turn(path):
            return 0 if path.count("/") == 4 else 2 if "autoscaling" in path else 1
        for wanted in turns:
            self.load_some([(path, text) for _, path, text in found if turn(path) == wanted])

    def load_some(self, found):
        work, failures = queue.SimpleQueue(), []
        for one in found:
            work.put(one)

        def loader():
            connection = self.connect()
            try:
                while not failures:
                    self.apply(connection, *work.get_nowait())
            except queue.Empty:
                pass
            except (Failure, OSError, http.client.HTTPException) as error:
                failures.append(error)
            finally:
                connection.close()

        threads = [threading.Thread(target=loader) for _ in range(LOADERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failures:
            raise Failure(f"loading: {failures[0]}")

    def versions(self, connection, prefix):
        """Of every object that counts, how it stands."""
        found = {}
        for path in manifests.LISTS:
            for item in json.loads(self.ask(connection, "GET", "/" + path))["items"]:
                meta = item["metadata"]
                if meta.get("namespace", meta["name"]).startswith(prefix + "-"):
                    found[meta["uid"]] = meta["resourceVersion"]
        return found

    def rest(self, prefix, connection=None):
        """Waits until no object in namespaces of that prefix changes, and answers how they stand."""
        connection = connection or self.connect()
        end, same, last = time.monotonic() + QUIET_SECONDS, 0, None
        while same < 3:
            if time.monotonic() > end:
                raise Failure(f"the objects still change after {QUIET_SECONDS} s")
            time.sleep(2)
            seen = self.versions(connection, prefix)
            same = same + 1 if seen == last else 0
            last = seen
        return last

    def come_to_rest(self, prefix="ml"):
        """Waits until no object changes; then the controllers, which would measure and look further, are ended."""
        connection = self.connect()
        last = self.rest(prefix, connection)
        os.kill(self.pid("kube-controller-manager"), signal.SIGTERM)
        time.sleep(2)
        if self.versions(connection, prefix) != last:
            raise Failure("the objects changed once more")
        connection.close()

    def pid(self, name):
        with open(os.path.join(self.folder, "pids", name), encoding="utf-8") as file:
            return int(file.read())

    def server_cpu(self):
        """CPU seconds of kube-apiserver."""
        return cpu_seconds(self.pid("kube-apiserver"))

    def audited(self, offset, agent):
        """The events of a user agent in the audit log behind the offset."""
        with open(self.audit, "rb") as file:
            file.seek(offset)
            for line in file:
                # a line may be half written, here or where the offset was taken
                if line.startswith(b"{") and line.endswith(b"\n") and b'"userAgent":"' + agent.encode() in line:
                    yield json.loads(line)

    def requests(self, offset, agent):
        """How many requests of a user agent are in the audit log behind the offset."""
        return len({event["auditID"] for event in self.audited(offset, agent)})


def cpu_seconds(pid, children=False):
    """CPU seconds of a process, with `children` those of its children that have ended, too."""
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        fields = file.read().rpartition(")")[2].split()
    return sum(int(n) for n in fields[11:15 if children else 13]) / os.sysconf("SC_CLK_TCK")


def memory(pid):
    """Resident memory of a process in KiB: VmRSS, RssAnon, VmHWM and the others of /proc/PID/status."""
    found = {}
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        for line in file:
            name, _, value = line.partition(":")
            if value.endswith("kB\n"):
                found[name] = int(value.split()[0])
    return found
