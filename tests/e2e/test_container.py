"""deploy/Containerfile without a builder: what its stages say is built and put together, and run as a Pod runs it."""
import os
import shutil
import subprocess

import pytest
import yaml

from support import ROOT, config_map

CHECK = os.path.join(ROOT, "tests", "deploy", "container-check")
ACCOUNT = "var/run/secrets/kubernetes.io/serviceaccount"


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    root = tmp_path_factory.mktemp("container") / "root"
    subprocess.run([CHECK, "make", str(root)], check=True)
    yield str(root)
    shutil.rmtree(root)


def run(root, *words):
    done = subprocess.run([CHECK, "run", root, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def put(root, path, text):
    there = os.path.join(root, path)
    os.makedirs(os.path.dirname(there), exist_ok=True)
    with open(there, "w", encoding="utf-8") as file:
        file.write(text)


def test_program_and_libraries(image):
    status, out, err = run(image, "version")
    assert (status, err) == (0, "")
    assert "container-check" in out and "libgit2" in out
    # that it had nothing of this machine but what the packages brought
    assert not os.path.exists(os.path.join(image, "usr/bin")) and not os.path.exists(os.path.join(image, "bin"))


def test_a_library_that_lacks_is_seen(image, tmp_path):
    broken = str(tmp_path / "root")
    shutil.copytree(image, broken, symlinks=True)
    for folder, _, files in os.walk(os.path.join(broken, "usr", "lib")):
        for name in files:
            if name.startswith("libjansson.so"):
                os.remove(os.path.join(folder, name))
    status, _, err = run(broken, "version")
    assert status == 127 and "libjansson" in err


@pytest.mark.parametrize("mode, owner", [(0o777, (0, 0)), (0o2770, (0, 65532))], ids=["emptyDir", "claim"])
def test_as_in_a_pod(cluster, image, namespace, mode, owner):
    """In-cluster sign-in, the base's configuration and state folder, a root that nobody may write."""
    where, port = cluster.server.removeprefix("https://").rsplit(":", 1)
    documents = [config_map("texts", {"a": "b"}, namespace=namespace)]
    cluster.apply(documents)
    cluster.kubectl("create", "serviceaccount", "reader", "-n", namespace)
    cluster.kubectl("create", "rolebinding", "reader", "-n", namespace, "--clusterrole=view",
                    f"--serviceaccount={namespace}:reader")
    with open(os.path.join(cluster.folder, "pki", "ca.crt"), encoding="utf-8") as file:
        put(image, f"{ACCOUNT}/ca.crt", file.read())
    put(image, f"{ACCOUNT}/namespace", namespace)
    put(image, f"{ACCOUNT}/token", cluster.kubectl("create", "token", "reader", "-n", namespace).strip())
    put(image, "manifests/a.yaml", yaml.safe_dump_all(documents))
    with open(os.path.join(ROOT, "deploy", "kubernetes", "base", "holdfast.yaml"), encoding="utf-8") as file:
        put(image, "etc/holdfast/holdfast.yaml", file.read())
    shutil.rmtree(os.path.join(image, "state"))
    os.mkdir(os.path.join(image, "state"))
    os.chown(os.path.join(image, "state"), *owner)
    os.chmod(os.path.join(image, "state"), mode)
    words = (f"KUBERNETES_SERVICE_HOST={where}", f"KUBERNETES_SERVICE_PORT={port}",
             "diff", "/manifests", "-o", "json", "--config", "/etc/holdfast/holdfast.yaml")
    status, out, err = run(image, *words)
    assert (status, err) == (0, ""), out + err
    state = os.stat(os.path.join(image, "state", "state"))
    assert (state.st_uid, state.st_mode & 0o777) == (65532, 0o700)
    cluster.kubectl("patch", "configmap", "texts", "-n", namespace, "-p", '{"data":{"a":"c"}}')
    status, out, err = run(image, *words)  # on the state of the first
    assert status == 1 and '"data.a"' in out, out + err
