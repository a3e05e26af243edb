kubectl set image -n $NAMESPACE deployment/ml-model ml-model=registry.example/ml-model:1.5.0-rc1
