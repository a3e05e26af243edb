"""The cluster, and what the cases leave in it."""
import datetime
import json
import os
import shlex
import subprocess
import time
import urllib.parse

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
        self.cluster_kinds = self.kinds("false")
        self.left = self.remains()  # by earlier runs on this cluster

    @staticmethod
    def kinds(namespaced):
        return kubectl("api-resources", f"--namespaced={namespaced}", "--verbs=list,delete",
                       "-o", "name").split()

    def remains(self):
        """The cluster-scoped objects of the cases, as TYPE/NAME: what each has."""
        found = {case: [] for case in self.cases}
        servers_own = None
        for line in kubectl("get", ",".join(self.cluster_kinds), "-o", "name", check=False).split():
            kind, name = line.split("/", 1)
            with_group = kind.startswith(("customresourcedefinition", "apiservice"))
            case = owner(name, name.partition(".")[2] if with_group else None, self.cases)
            if case is not None and kind.startswith("apiservice"):
                if servers_own is None:  # those of CRDs come and go with these
                    servers_own = kubectl("get", "apiservices", "-l", "kube-aggregator.kubernetes.io/automanaged",
                                          "-o", "name", check=False).split()
                case = None if line in servers_own else case
            if case is not None:
                found[case].append(line)
        return found

    def delete(self, case):
        kubectl("delete", "--wait=false", "--ignore-not-found", *self.remains()[case],
                f"namespace/{case}", check=False)

    def vacate(self, case):
        """Takes away what an earlier run of the case has left, finalizers included, and waits until it is gone."""
        left = self.left[case]
        if not left:
            return
        self.delete(case)
        kinds = ",".join(self.kinds("true"))
        held = [(line, case) for line in left if not line.startswith("namespace/")]
        for space in {case, *(line[len("namespace/"):] for line in left if line.startswith("namespace/"))}:
            held += [(line, space) for line in kubectl("get", kinds, "-n", space, "-o", "name", check=False).split()]
        for line, space in held:
            kubectl("patch", line, "-n", space, "--type=merge", "-p", '{"metadata":{"finalizers":null}}', check=False)
        kubectl("wait", "--for=delete", *left, "--timeout=90s")

    def make_namespace(self, case):
        self.vacate(case)
        kubectl("create", "namespace", case)
        kubectl("wait", "--for=create", "serviceaccount/default", "-n", case, "--timeout=60s")

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
