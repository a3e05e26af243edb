def review(thing, request):
    for container in thing["spec"]["template"]["spec"]["containers"]:
        env = {v["name"]: v for v in container.get("env", [])}
        env["AGENT"] = {"name": "AGENT", "value": "injected"}
        container["env"] = [env[name] for name in sorted(env)]
    return thing
