import time


def review(thing, request):
    stamp = str(time.monotonic_ns())
    thing["metadata"].setdefault("annotations", {})["hooks.example/stamp"] = stamp
    for container in thing["spec"]["template"]["spec"]["containers"]:
        env = [v for v in container["env"] if v["name"] != "STAMP"]
        container["env"] = env + [{"name": "STAMP", "value": stamp}]
    return thing
