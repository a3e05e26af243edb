kubectl patch -n $NAMESPACE cronjob/ml-pipeline --type=merge -p '{"spec":{"schedule":"0 */6 * * *","suspend":true}}'
