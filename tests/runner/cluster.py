"""The cluster, and what the cases leave in it."""
import datetime
import json
import os
import shlex
import subprocess
import time
import urllib.parse

from .api import Api
from .common import Failure, SCRIPT_SECONDS


def kubectl(*words, check=True, data=None):
    done = subprocess.run(["kubectl", *words], input=data, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=SCRIPT_SECONDS, check=False)
    if check and done.returncode:
        raise Failure(f"kubectl {shlex.join(words)}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout.decode()


def owner(name, group, cases):
    """The case whose cluster-scoped object this is; of two that begin it, the longer."""
    mine = [case for case in cases
            if name == case or name.startswith(case + "-") or name.startswith(case + ".")
            or (group is not None and case in group)]
    return max(mine, key=len, default=None)


class Cluster:
    def __init__(self, cases):
        self.cases = cases
        self.folder = os.environ["HOLDFAST_TEST_CLUSTER"]
        self.kubeconfig = os.environ["KUBECONFIG"]
        self.audit = os.path.join(self.folder, "audit.log")
        self.start = datetime.datetime.now(datetime.timezone.utc).isoformat()
        self.version = json.loads(kubectl("version", "-o", "json"))["serverVersion"]["gitVersion"]
        self.api = Api(self.folder, os.environ["HOLDFAST_TEST_SERVER"])
        self.collections = self.api.collections()
        self.left = self.remains()  # by earlier runs on this cluster

    @staticmethod
    def kinds(namespaced):
        return kubectl("api-resources", f"--namespaced={namespaced}", "--verbs=list,delete",
                       "-o", "name").split()

    def remains(self):
        """The cluster-scoped objects of the cases, as TYPE/NAME: what each has."""
        found = {case: [] for case in self.cases}
        for kind, path in self.collections.items():
            with_group = kind.startswith(("customresourcedefinitions", "apiservices"))
            for metadata in self.api.list(path):
                if "kube-aggregator.kubernetes.io/automanaged" in metadata.get("labels", {}):
                    continue  # those of CRDs come and go with these
                name = metadata["name"]
                case = owner(name, name.partition(".")[2] if with_group else None, self.cases)
                if case is not None:
                    found[case].append(f"{kind}/{name}")
        return found

    def delete(self, case):
        for line in dict.fromkeys([*self.remains()[case], f"namespaces/{case}"]):
            kind, name = line.split("/", 1)
            self.api.ask("DELETE", f"{self.collections[kind]}/{urllib.parse.quote(name)}",
                         {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Background"})

    def vacate(self, case):
        """Takes away what an earlier run of the case has left, finalizers included, and waits until it is gone."""
        left = self.left[case]
        if not left:
            return
        self.delete(case)
        kinds = ",".join(self.kinds("true"))
        held = [(line, case) for line in left if not line.startswith("namespaces/")]
        for space in {case, *(line[len("namespaces/"):] for line in left if line.startswith("namespaces/"))}:
            held += [(line, space) for line in kubectl("get", kinds, "-n", space, "-o", "name", check=False).split()]
        for line, space in held:
            kubectl("patch", line, "-n", space, "--type=merge", "-p", '{"metadata":{"finalizers":null}}', check=False)
        kubectl("wait", "--for=delete", *left, "--timeout=90s")

    def make_namespace(self, case):
        self.vacate(case)
        status, answer = self.api.ask("POST", "/api/v1/namespaces", {"metadata": {"name": case}})
        if status != 201:
            raise Failure(f"the namespace {case} could not be made: {answer.get('message')}")
        end = time.monotonic() + 60
        while self.api.ask("GET", f"/api/v1/namespaces/{case}/serviceaccounts/default")[0] != 200:
            if time.monotonic() > end:
                raise Failure(f"the namespace {case} gets no service account")
            time.sleep(0.02)

    def wait_established(self, crd):
        """kubectl wait fails on a CRD that has no conditions yet."""
        path, end = f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{crd}", time.monotonic() + 60
        while True:
            conditions = self.api.ask("GET", path)[1].get("status", {}).get("conditions") or []
            if any(c["type"] == "Established" and c["status"] == "True" for c in conditions):
                return
            if time.monotonic() > end:
                raise Failure(f"the CRD {crd} is not Established")
            time.sleep(0.05)

    def judge_audit(self):
        """What holdfast asked the server for since the start: to read, and dry runs."""
        asked, complaints = 0, []
        with open(self.audit, encoding="utf-8") as file:
            for line in file:
                if '"userAgent":"holdfast/' not in line:
                    continue
                event = json.loads(line)
                if event["requestReceivedTimestamp"] < self.start[:26]:
                    continue
                asked += 1
                query = urllib.parse.parse_qs(urllib.parse.urlsplit(event["requestURI"]).query)
                dry = event["verb"] in ("patch", "create") and query.get("dryRun") == ["All"]
                if event["verb"] not in ("get", "list", "watch") and not dry:
                    complaints.append(f"audit: {event['verb']} {event['requestURI']}")
        if not asked:
            complaints.append("audit: not one request of a user agent holdfast/... is in the log")
        return complaints


def wait_served(spec):
    """A kind can be Established a moment before the server tells of it."""
    for version in (v["name"] for v in spec["versions"] if v.get("served")):
        end = time.monotonic() + 60
        while f'"{spec["names"]["plural"]}"' not in kubectl(
                "get", "--raw", f"/apis/{spec['group']}/{version}", check=False):
            if time.monotonic() > end:
                raise Failure(f"{spec['group']}/{version} is not served")
            time.sleep(0.1)
