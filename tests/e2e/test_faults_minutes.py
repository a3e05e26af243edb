"""What takes minutes, side by side: an agent that is stopped, a clock that is set, connections that are dead for long."""
import signal
import time

from faults import CALM, DIFFERS, HAND, Scene, all_true, fake_clock, set_clock

STOPPED = 120  # seconds
FAULTS = {
    "stopped": [],
    # the watches that there are bring nothing any more, and nobody says so; new ones work
    "dead": ["stall at=0 verb=watch running from=1000000"],
    "dead-clock-back": ["stall at=0 verb=watch running from=1000000"],
    "stall": ["stall at=0 running"],
    "refuse": "refuse",
    "lists-fail": ["500 verb=list", "expired verb=watch running"],
    "watches-fail": ["500 verb=watch"],
    "watches-denied": ["403 verb=watch"],
    "clock-forward": [], "clock-back": [], "clocks-leap": [],
}
# Before and after; no time is before the certificates of the test cluster.
CLOCKS = {"dead-clock-back": ("+5h", "+0"), "clock-forward": ("+0", "+5h"), "clock-back": ("+5h", "+0"),
          "clocks-leap": ("+0", "+2h")}


def test_minutes(agents, cluster, repository, namespace, proxies, tmp_path):
    scene = Scene(cluster, repository, namespace)
    doors = {name: proxies() for name in FAULTS}
    clocks, started = {}, {}
    for name, door in doors.items():
        environment = {}
        if name in CLOCKS:
            clocks[name], environment = fake_clock(str(tmp_path / name), CLOCKS[name][0], name != "clocks-leap")
        source = {"name": "infra", "url": repository.url, "ref": "main", **CALM}
        started[name] = agents({"sources": [source], "kubernetes": {"defaultNamespace": namespace}}, door.kubeconfig,
                               environment=environment)
    for one in started.values():
        scene.settled(one, HAND)
    for name, path in clocks.items():
        set_clock(path, CLOCKS[name][1])
    for name, door in doors.items():
        if isinstance(FAULTS[name], str):
            door.say(FAULTS[name])
        for rule in FAULTS[name] if isinstance(FAULTS[name], list) else []:
            door.fault(rule)
        if FAULTS[name] and not any("running" in rule for rule in FAULTS[name]):
            door.say("cut")
    started["stopped"].signal(signal.SIGSTOP)
    began = time.monotonic()
    before = {name: door.requests() for name, door in doors.items()}
    scene.edit("edited", "hand")
    scene.edit("undone", "git")
    scene.delete("deleted")
    # what is told though the fault goes on
    for name in ("clock-forward", "clock-back", "clocks-leap", "watches-fail", "watches-denied"):
        scene.settled(started[name], DIFFERS)
    # a watch that is silent is begun again, whatever the clock says
    for name in ("dead", "dead-clock-back"):
        scene.settled(started[name], DIFFERS, 180)
    time.sleep(max(0, began + STOPPED - time.monotonic()))  # so long the agent is stopped
    during = {name: door.requests() - before[name] for name, door in doors.items()}
    print("requests meanwhile:", during)
    started["stopped"].signal(signal.SIGCONT)
    for name, door in doors.items():
        if not name.startswith("dead"):
            door.clear()
            door.say("accept")
    all_true(scene, started, doors)
    # two minutes of a fault: so many requests for the four kinds and no more
    assert max(during.values()) <= 250, during
    # what could not be known for more than a minute is unknown, and why is said; what could be known is not
    # (by a steady clock that leaps, every answer that was awaited has taken two hours)
    for name in ("lists-fail", "refuse"):
        assert started[name].seen(event="drift", verdict="unknown", object={"name": "still-0"}), name
        # once for each object: while the kind cannot be listed, nothing else is tried and told
        told = started[name].seen(event="drift", verdict="unknown", state="opened")
        assert len({e["id"] for e in told}) == len(told), name
        assert not started[name].seen(event="drift", verdict="unknown", state="updated"), name
    for name in set(FAULTS) - {"lists-fail", "refuse", "stall", "clocks-leap"}:
        assert not started[name].seen(event="drift", verdict="unknown"), name
    # two hours have passed there: what was open for one is told again
    assert started["clocks-leap"].seen(event="drift", reminder=True)
