kubectl label -n $NAMESPACE deployment/ml-model --overwrite ml.example/stage=canary
