kubectl delete crd "widgets.$CASE.example.com" --timeout=60s
while kubectl get --raw "/apis/$CASE.example.com/v1" 2>/dev/null; do sleep 0.1; done
