import json

for part in range(20):
    items = [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"part-{part:02}-{i:02}"},
              "data": {"mode": "safe"}} for i in range(100)]
    with open(f"../repository/part-{part:02}.json", "w", encoding="utf-8") as file:
        json.dump({"apiVersion": "v1", "kind": "List", "items": items}, file, indent=1)
