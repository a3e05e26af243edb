"""Fixtures of the end-to-end tests."""
import glob
import os
import re
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
from faults import Faults  # pylint: disable=wrong-import-position
from support import Agent, Cluster, FINDINGS, HOLDFAST, Repository, clean_environment  # pylint: disable=wrong-import-position

if FINDINGS:  # a folder for each worker: what is found is then this worker's test's
    folder = os.path.join(FINDINGS, os.environ.get("PYTEST_XDIST_WORKER", ""))
    os.makedirs(folder, exist_ok=True)
    os.environ["HOLDFAST_FINDINGS"] = folder
    for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
        os.environ[name] = f"{os.environ.get(name, '')}:log_path={folder}/sanitizer".lstrip(":")


@pytest.fixture(autouse=True)
def findings():
    """Fails a test of whose processes, killed ones and children too, a sanitizer or valgrind wrote something."""
    yield
    new = [path for path in sorted(glob.glob(os.path.join(os.environ.get("HOLDFAST_FINDINGS", "/nonexistent"), "*")))
           if os.path.isfile(path) and os.path.getsize(path) and not path.endswith(".told")]
    texts = []
    for path in new:
        with open(path, encoding="utf-8", errors="replace") as file:
            texts.append(file.read())
        os.rename(path, path + ".told")
    assert not texts, "\n".join(texts)


@pytest.fixture(scope="session")
def cluster():
    return Cluster()


@pytest.fixture
def namespace(cluster, request):
    """A namespace of the test's own, with its default service account; it goes with the test."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    name = re.sub(r"[^a-z0-9]+", "-", f"{request.node.name}-{worker}".lower())[:55].strip("-")
    name = f"t-{name}".strip("-")
    cluster.kubectl("create", "namespace", name)
    cluster.kubectl("wait", "--for=create", "serviceaccount/default", "-n", name, "--timeout=60s")
    yield name
    cluster.kubectl("delete", "namespace", name, "--wait=false", check=False)


@pytest.fixture
def repository(tmp_path):
    return Repository(tmp_path / "repository")


@pytest.fixture
def agents(tmp_path):
    """A function that starts agents as support.Agent does; they end with the test."""
    running = []

    def start(config, kubeconfig=None, **more):
        running.append(Agent(tmp_path, config, kubeconfig, **more))
        return running[-1]
    yield start
    for agent in running:
        agent.close()


@pytest.fixture
def agent(agents, cluster, repository, namespace):
    """A function: starts an agent on the repository and the namespace, interval 1 s; words change the configuration."""
    def start(source=None, kubeconfig=None, **config):
        kubernetes = {"defaultNamespace": namespace, **config.pop("kubernetes", {})}
        one = {"name": "infra", "url": repository.url, "ref": "main", "interval": "1s", **(source or {})}
        return agents({"sources": [one], "kubernetes": kubernetes, **config}, kubeconfig or cluster.kubeconfig)
    return start


@pytest.fixture
def proxies(cluster, tmp_path):
    """A function that starts a fault proxy before the cluster; all end with the test."""
    running = []

    def start(**words):
        running.append(Faults(cluster, os.path.join(str(tmp_path), f"proxy.{len(running)}"), **words))
        return running[-1]
    yield start
    for proxy in running:
        proxy.close()


@pytest.fixture
def holdfast(tmp_path):
    """A function that runs the program: (status, standard output, standard error)."""
    def run(*words, data=None, seconds=60, **environment):
        done = subprocess.run([HOLDFAST, *map(str, words)], input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=seconds, check=False, env=clean_environment(tmp_path, **environment))
        return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
    return run
