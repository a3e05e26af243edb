kubectl create job -n $NAMESPACE pipeline-now --from=cronjob/ml-pipeline
kubectl wait -n $NAMESPACE --for=jsonpath={.status.active}=1 job/pipeline-now --timeout=60s
