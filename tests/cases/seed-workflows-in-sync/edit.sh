kubectl wait -n $NAMESPACE '--for=jsonpath={.metadata.annotations.volume\.kubernetes\.io/storage-provisioner}' pvc/workflows --timeout=60s
