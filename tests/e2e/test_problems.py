"""What cannot be compared: errors of manifests, and objects that several sources declare."""
import json
import urllib.request

from faults import fake_clock, set_clock
from git_servers import free_port
from support import Repository, config_map

BAD = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: bad\n"


def source(name, repository, **more):
    return {"name": name, "url": repository.url, "ref": "main", "interval": "1s", **more}


def test_errors_last(agents, cluster, repository, namespace, tmp_path, holdfast):
    """Told again each hour, in /status meanwhile, and told as over."""
    other = Repository(tmp_path / "other")
    repository.commit({"bad.yaml": BAD, "a.yaml": config_map("a", {"k": "1"}), "b.yaml": config_map("b", {"k": "1"})})
    other.commit({"c.yaml": config_map("c", {"k": "1"})})
    cluster.apply([config_map(name, {"k": "1"}) for name in "abc"], namespace)
    address = f"127.0.0.1:{free_port()}"
    clock, environment = fake_clock(str(tmp_path / "clock"), "+0", steady=False)
    a = agents({"sources": [source("one", repository), source("two", other)], "http": {"listen": address},
                "kubernetes": {"defaultNamespace": namespace}}, cluster.kubeconfig, environment=environment)
    bad = a.wait(event="error", source="one", file="bad.yaml")
    a.wait(event="summary", source="one", errors=1)
    other.commit({"x.yaml": config_map("a", {"k": "1"})})
    shared = a.wait(event="error", source="one", file="a.yaml")
    a.wait(event="summary", source="one", errors=2, in_sync=1)  # though no commit of its own came
    with urllib.request.urlopen(f"http://{address}/status", timeout=30) as answer:
        one = json.load(answer)["sources"][0]
    assert {p["message"] for p in one["problems"]} == {bad["message"], shared["message"]}
    status, text, _ = holdfast("status", "--url", f"http://{address}")
    assert status == 3 and f"error: {bad['message']}" in text and f"ConfigMap a: {shared['message']}" in text, text
    set_clock(clock, "+2h")
    assert a.wait(event="error", file="bad.yaml", reminder=True)["message"] == bad["message"]
    a.wait(event="error", file="a.yaml", reminder=True)
    other.commit({"x.yaml": None})
    assert a.wait(event="note", source="one", file="a.yaml")["message"] == "over: " + shared["message"]
    a.wait(event="summary", source="one", errors=1, in_sync=2)
    repository.commit({"bad.yaml": None})
    assert a.wait(event="note", source="one", file="bad.yaml")["message"] == "over: " + bad["message"]
    a.wait(event="summary", source="one", errors=0)
    assert not a.seen(event="drift")
