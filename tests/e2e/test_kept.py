"""What was read of Git is kept over runs and restarts: the next one says the same, and what changed meanwhile is read."""
import datetime
import glob
import json
import os
import re
import time

import yaml

from support import config_map

LATE = ("time", "seconds", "requests", "since", "since_kind")


def told(out):
    lines = [json.loads(line) for line in out.splitlines()]
    return sorted(json.dumps({k: v for k, v in one.items() if k not in LATE}, sort_keys=True) for one in lines)


def kept(folder):
    return glob.glob(os.path.join(folder, "read-*")) + glob.glob(os.path.join(folder, "diff-*"))


def test_diff_again(holdfast, cluster, repository, namespace, tmp_path):
    """With errors and notes of Git, doubled objects, older versions; then a commit more, and a damaged file."""
    state = tmp_path / "state"

    def diff(*more):
        return holdfast("diff", repository.url, "--ref", "main", "-o", "json", "--kubeconfig", cluster.kubeconfig, "-n", namespace,
                        "--state-dir", state, *more)

    cluster.apply([config_map("a", {"k": "1", "old": "1"}), config_map("b", {"k": "1"})], namespace)
    repository.commit({"a.yaml": config_map("a", {"k": "1", "old": "1"}), "b.yaml": config_map("b", {"k": "1"})})
    repository.commit({"a.yaml": config_map("a", {"k": "1"}), "bad.yaml": "kind: [", "c.yaml": config_map("c", {"k": None}),
                       "two.yaml": [config_map("two", {}), config_map("two", {})]})
    cluster.patch_data(namespace, "b", {"k": "2"})
    status, out, errors = diff()
    assert status == 2 and not errors, errors
    assert '"dropped"' in out and "bad.yaml" in out and "the same object stands in" in out and '"note"' in out, out
    assert len(kept(state)) == 1
    for _ in range(2):
        again = diff()
        assert again[0] == 2 and told(again[1]) == told(out)
    # read otherwise: another answer, kept beside it
    status, only_b, _ = diff("--path", "b.yaml")
    assert status == 1 and len(told(only_b)) == 2 and len(kept(state)) == 2
    repository.commit({"bad.yaml": None, "two.yaml": None, "b.yaml": config_map("b", {"k": "3"})})
    status, out, _ = diff()
    line = next(json.loads(one) for one in out.splitlines() if '"data.k"' in one)
    assert status == 1 and line["want"] == "3" and line["have"] == "2" and "bad.yaml" not in out, out
    for path in kept(state):
        with open(path, "r+b") as file:
            file.seek(-3, os.SEEK_END)
            file.write(b"xyz")
    status, damaged, _ = diff()
    lines = [json.loads(one) for one in damaged.splitlines()]
    notes = [one for one in lines if "what was kept of the last read" in one.get("message", "")]
    assert len(notes) == 1 and notes[0]["event"] == "note", damaged
    assert told("\n".join(json.dumps(one) for one in lines if one not in notes)) == told(out)


def test_a_folder_is_where_we_are(holdfast, cluster, repository, namespace, tmp_path):
    """One commit, and a path that means another folder each time: nothing is kept of it."""
    repository.commit({"a/m.yaml": config_map("in-a", {}), "b/m.yaml": config_map("in-b", {})})
    link = tmp_path / "link"
    for name in ("a", "b"):
        link.unlink(missing_ok=True)
        link.symlink_to(os.path.join(repository.folder, name))
        _, out, _ = holdfast("diff", link, "--ref", "main", "-o", "json", "--kubeconfig", cluster.kubeconfig, "-n", namespace,
                             "--state-dir", tmp_path / "state")
        assert [json.loads(line)["object"]["name"] for line in out.splitlines() if '"missing"' in line and '"drift"' in line] == [f"in-{name}"]
    assert not kept(tmp_path / "state")


def test_restart(agent, cluster, repository, namespace):
    """A commit and a hand while it is away; errors of Git are told by each start."""
    cluster.apply([config_map("a", {"k": "1"}), config_map("b", {"k": "1"})], namespace)
    repository.commit({"a.yaml": config_map("a", {"k": "1"}), "b.yaml": config_map("b", {"k": "1"}), "bad.yaml": "kind: ["})
    a = agent()
    a.wait(event="error", file="bad.yaml")
    a.ready()
    assert a.stop() == 0
    state = os.path.join(a.folder, "state")
    assert len(kept(state)) == 1
    for turn in range(2, 4):
        repository.commit({"a.yaml": config_map("a", {"k": str(turn)})})
        cluster.patch_data(namespace, "b", {"k": str(turn)})
        a.start()
        a.wait(event="error", file="bad.yaml")
        a.ready()
        assert len(a.seen(event="drift", field="data.k", object={"name": "a"}, want=str(turn), have="1")) == 1, a.tail()
        assert len(a.seen(event="drift", field="data.k", object={"name": "b"}, want="1", have=str(turn))) == 1, a.tail()
        assert a.stop() == 0
        assert len(kept(state)) == 1
    # the source is another: what was kept of the one before goes
    with open(a.config_file, encoding="utf-8") as file:
        config = yaml.safe_load(file)
    config["sources"][0]["path"] = "a.yaml"
    a.configure(config)
    a.start()
    a.ready()
    assert not kept(state)
    assert a.stop() == 0 and len(kept(state)) == 1


def test_git_is_away_at_a_restart(agent, cluster, repository, namespace):
    """What the process before had read is compared, and said to be old; without it nothing is."""
    cluster.apply([config_map("a", {"k": "1"}), config_map("b", {"k": "1"})], namespace)
    repository.commit({"a.yaml": config_map("a", {"k": "1"}), "b.yaml": config_map("b", {"k": "1"})})
    a = agent()
    a.ready()
    assert a.stop() == 0
    away = repository.folder + ".away"
    os.rename(repository.folder, away)
    cluster.patch_data(namespace, "a", {"k": "2"})
    begin = time.time()
    a.start()
    said = a.wait(event="error", source="infra")["message"]
    when = re.search(r"; what was read at (\S+) is compared meanwhile$", said).group(1)
    assert begin - 60 < datetime.datetime.fromisoformat(when.replace("Z", "+00:00")).timestamp() <= begin, said
    a.drift(field="data.k", object={"name": "a"}, have="2")
    a.ready()
    cluster.patch_data(namespace, "b", {"k": "2"})
    a.drift(field="data.k", object={"name": "b"}, have="2")
    os.rename(away, repository.folder)
    a.wait(event="note", message="the source can be read again")
    repository.commit({"b.yaml": config_map("b", {"k": "2"})})
    a.drift("cleared", field="data.k", object={"name": "b"})
    assert not a.seen(event="drift", state="cleared", object={"name": "a"})
    repository.commit({"a.yaml": None, "b.yaml": None})  # what cannot be gone on with is no reason to go back
    a.drift("cleared", object={"name": "a"}, cleared="not in Git")
    assert a.stop() == 0
    assert not kept(os.path.join(a.folder, "state"))
    os.rename(repository.folder, away)
    a.start()
    said = a.wait(event="error", source="infra")["message"]
    assert said.endswith("; nothing was read of it yet, so nothing is compared"), said
