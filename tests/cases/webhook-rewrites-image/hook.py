def review(thing, request):
    for container in thing["spec"]["template"]["spec"]["containers"]:
        if container["image"].startswith("registry.example/"):
            container["image"] = "mirror.example/" + container["image"]
    return thing
