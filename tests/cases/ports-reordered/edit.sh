kubectl get -n $NAMESPACE deployment/ml-model -o json > live.json
python3 - <<'END' | kubectl replace -n $NAMESPACE -f -
import json
live = json.load(open("live.json"))
del live["metadata"]["resourceVersion"]  # the controller writes the status meanwhile
live["spec"]["template"]["spec"]["containers"][0]["ports"].reverse()
print(json.dumps(live))
END
