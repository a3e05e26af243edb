def review(thing, request):
    spec = thing["spec"]
    thing["metadata"].setdefault("annotations", {})["hooks.example/injected"] = "proxy"
    spec.setdefault("initContainers", []).append({"name": "setup", "image": "mesh.example/setup:1"})
    spec["containers"].insert(0, {
        "name": "proxy", "image": "mesh.example/proxy:1",
        "ports": [{"containerPort": 15001}], "volumeMounts": [{"name": "mesh", "mountPath": "/etc/mesh"}]})
    spec.setdefault("volumes", []).append({"name": "mesh", "emptyDir": {}})
    return thing
