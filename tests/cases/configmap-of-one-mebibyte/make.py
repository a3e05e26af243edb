import json

MIB = 1024 * 1024
for name in "touched", "untouched":
    data = {"mode": "safe", "table": "0123456789abcdef" * 32767}
    data["rest"] = "y" * (MIB - sum(len(k) + len(v) for k, v in data.items()) - len("rest") - 64)
    thing = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}
    with open(f"../repository/{name}.json", "w", encoding="utf-8") as file:
        json.dump(thing, file, indent=1)
