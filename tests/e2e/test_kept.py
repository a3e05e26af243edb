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


def test_what_was_open_is_cleared(agents, cluster, repository, namespace, tmp_path):
    """By the next start: of what is in sync by then, of what has left Git, of a source that is not followed any more."""
    names = ("fixed", "gone", "still", "worse")
    cluster.apply([config_map(name, {"k": "1"}) for name in names] + [config_map("other", {"k": "1"})], namespace)
    repository.commit({f"ex/{name}.yaml": config_map(name, {"k": "1"}) for name in names})
    repository.commit({"why/other.yaml": config_map("other", {"k": "1"})})
    sources = [{"name": name, "url": repository.url, "ref": "main", "path": name, "interval": "1s"} for name in ("ex", "why")]
    config = {"sources": sources, "kubernetes": {"defaultNamespace": namespace}}
    a = agents(config, cluster.kubeconfig)
    a.ready("ex")
    for name in (*names, "other"):
        cluster.patch_data(namespace, name, {"k": "2"})
    opened = {}
    while len(opened) < 5:
        event = a.wait(event="drift", state="opened")
        opened[event["object"]["name"]] = event
    end = time.monotonic() + 60
    path = os.path.join(a.folder, "state", "open")
    while not os.path.exists(path) or len(json.load(open(path, encoding="utf-8"))) < 5:
        assert time.monotonic() < end
        time.sleep(0.2)
    a.kill()
    cluster.patch_data(namespace, "fixed", {"k": "1"})
    cluster.kubectl("delete", "configmap", "worse", "-n", namespace)
    repository.commit({"ex/gone.yaml": None})
    a.configure({**config, "sources": sources[:1]})
    for turn in range(2):
        position = len(a.events)
        a.start()
        a.ready("ex")
        told = [e for e in a.events[position:] if e["event"] == "drift"]
        cleared = {e["object"]["name"]: e for e in told if e["state"] == "cleared"}
        assert {n: e["cleared"] for n, e in cleared.items()} == ({} if turn else {
            "fixed": "in sync", "gone": "not in Git", "other": "not followed", "worse": "not so any more"}), a.tail()
        assert all(e["id"] == opened[name]["id"] and e["opened"] for name, e in cleared.items())
        assert {e["object"]["name"]: e["verdict"] for e in told if e["state"] == "opened"} == {"still": "drifted", "worse": "missing"}
        assert a.stop() == 0
