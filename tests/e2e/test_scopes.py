"""What is listed and watched: collections that cannot be listed, or only in part; scalers that are not known yet."""

import pytest

from faults import CALM, fake_clock
from support import config_map


@pytest.mark.parametrize("manager", ["team a", "a+b"])
def test_name_of_the_field_manager(agent, cluster, repository, namespace, manager):
    """It is our own name, as it is written, in each dry run."""
    cluster.apply(config_map("a", {"k": "1", "old": "1"}), namespace, manager=manager)
    repository.commit({"a.yaml": config_map("a", {"k": "1"})})
    a = agent(kubernetes={"fieldManager": manager})
    a.drift(field="data.old", **{"class": "dropped"})
    a.ready()
    assert not a.seen(event="drift", verdict="unknown"), a.tail()


def test_watches_that_bring_nothing(agents, cluster, repository, namespace, proxies, tmp_path):
    """Something on the way keeps their bytes: a LIST tells what is so, then one each minute. Time runs ten times as fast."""
    cluster.apply([config_map(name, {"k": "1"}) for name in ("a", "b")], namespace)
    repository.commit({"all.yaml": [config_map(name, {"k": "1"}) for name in ("a", "b")]})
    door = proxies()
    door.fault("stall at=0 verb=watch")
    _, environment = fake_clock(str(tmp_path / "clock"), "+0 x10", steady=False)
    a = agents({"sources": [{"name": "infra", "url": repository.url, "ref": "main", **CALM}],
                "kubernetes": {"defaultNamespace": namespace}}, door.kubeconfig, environment=environment)
    a.ready()
    cluster.patch_data(namespace, "a", {"k": "2"})
    a.drift(field="data.k", object={"name": "a"}, seconds=60)
    a.wait(event="note", message=f"WATCH of /api/v1/namespaces/{namespace}/configmaps: not a byte comes, not even a bookmark: "
           "it is listed each minute instead", seconds=60)
    cluster.patch_data(namespace, "b", {"k": "2"})
    a.drift(field="data.k", object={"name": "b"}, seconds=30)
