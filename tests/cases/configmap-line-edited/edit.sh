KUBE_EDITOR="sed -i 's/timeout = 30/timeout = 300/'" kubectl edit -n $NAMESPACE configmap/serving
