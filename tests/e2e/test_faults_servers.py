"""A cluster of its own, parts of which are ended and started again under the agent."""
import json
import os
import subprocess
import tempfile
import time

import pytest

from faults import CALM, DIFFERS, HAND, SOON, Scene
from support import Cluster, ROOT

CRD = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
       "metadata": {"name": "widgets.faults.invalid"},
       "spec": {"group": "faults.invalid", "scope": "Namespaced", "names": {"plural": "widgets", "kind": "Widget"},
                "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {
                    "type": "object", "properties": {"spec": {"type": "object", "properties": {"size": {"type": "integer"}}}}}}}]}}
REQUESTS = 150  # of one agent, from the end of a server until all is right again


@pytest.fixture(scope="module")
def cluster():
    folder = tempfile.mkdtemp(prefix="holdfast-cluster.")
    with open(os.path.join(folder, "temporary"), "w", encoding="utf-8"):
        pass  # `down` removes it
    subprocess.run([os.path.join(ROOT, "tests/cluster/up"), folder, "--with-parent", str(os.getpid())], check=True)
    made = Cluster(folder)
    made.apply([CRD])
    made.established("widgets.faults.invalid")
    yield made
    subprocess.run([os.path.join(ROOT, "tests/cluster/down"), folder], check=True)


@pytest.fixture
def scene(cluster, repository, namespace):
    """With objects of a CRD: a server that has just begun does not serve their kind at once."""
    made = Scene(cluster, repository, namespace)
    widgets = [{"apiVersion": "faults.invalid/v1", "kind": "Widget", "metadata": {"name": f"w{n}"}, "spec": {"size": n}}
               for n in range(3)]
    cluster.apply(widgets, namespace)
    repository.commit({"widgets.yaml": widgets})
    return made


def again(cluster, part, seconds):
    subprocess.run([os.path.join(ROOT, "tests/cluster/again"), cluster.folder, part, str(seconds)], check=True)


def patiently(call, *words):
    """A server that serves again may still refuse for a moment."""
    end = time.monotonic() + 30
    while True:
        try:
            return call(*words)
        except (AssertionError, OSError):
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


def right(scene, one, cluster, offset, wanted):
    scene.settled(one, wanted, SOON)
    scene.check(one)
    # nothing is said against the manifests: the kinds are all there
    assert not [e for e in one.seen(event="error") if e.get("file")], one.tail()
    asked = cluster.audit_since(offset)
    assert len(asked) <= REQUESTS, json.dumps([(e["verb"], e["requestURI"]) for e in asked[-REQUESTS:]])


@pytest.mark.parametrize("part,seconds", [("kube-apiserver", 0), ("kube-apiserver", 4), ("etcd", 0), ("etcd", 4)])
def test_started_again(agent, cluster, scene, part, seconds):
    one = agent(CALM)
    scene.settled(one, HAND)
    offset = cluster.audit_offset()
    again(cluster, part, seconds)
    patiently(scene.edit, "edited", "hand")
    patiently(scene.edit, "undone", "git")
    patiently(scene.delete, "deleted")
    right(scene, one, cluster, offset, DIFFERS)


def test_begins_while_the_server_is_away(agent, cluster, scene):
    offset = cluster.audit_offset()
    away = subprocess.Popen([os.path.join(ROOT, "tests/cluster/again"), cluster.folder, "kube-apiserver", "4"])
    time.sleep(1)  # it goes
    one = agent(CALM)
    assert away.wait(120) == 0
    patiently(scene.edit, "edited", "hand")
    patiently(scene.edit, "undone", "git")
    patiently(scene.delete, "deleted")
    right(scene, one, cluster, offset, DIFFERS)
