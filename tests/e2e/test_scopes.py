"""What is listed and watched: collections that cannot be listed, or only in part; scalers that are not known yet."""

import pytest

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
