kubectl -n "$NAMESPACE" get deployment web -o json >web.json
python3 - <<'END'
import json
d = json.load(open("web.json")); del d["metadata"]["resourceVersion"]; s = d["spec"]["template"]["spec"]
s["imagePullSecrets"] = [{"name": "zero"}] + s["imagePullSecrets"][::-1]
s["volumes"] = s["volumes"][1::-1]
s["containers"][0]["volumeMounts"].reverse()
s["hostAliases"][0]["hostnames"] = ["b.example"]
json.dump(d, open("web.json", "w"))
END
kubectl -n "$NAMESPACE" replace -f web.json
