def review(thing, request):
    metadata = thing["metadata"]
    metadata.setdefault("annotations", {})["hooks.example/validated"] = "true"
    metadata.setdefault("labels", {})["hooks.example/team"] = "ml"
    if thing["kind"] == "Deployment":
        for container in thing["spec"]["template"]["spec"]["containers"]:
            container["imagePullPolicy"] = "Always"
    return thing
