kubectl -n "$NAMESPACE" patch deployment web -p '
{"spec": {"minReadySeconds": 10, "template": {"spec": {"terminationGracePeriodSeconds": 60}}}}' 
