kubectl set env -n $NAMESPACE cronjob/ml-pipeline DRY_RUN=1 VERBOSE=2
