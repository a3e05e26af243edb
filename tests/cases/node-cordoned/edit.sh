kubectl cordon "$CASE-n1"
kubectl label node "$CASE-n1" team=vision
kubectl label node "$CASE-n1" --overwrite gpu=h100
