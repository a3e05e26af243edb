kubectl -n "$NAMESPACE" patch daemonset agent -p '{"spec": {"updateStrategy": {"type": "OnDelete"}, "template": {"spec": {"hostNetwork": true, "dnsPolicy": "ClusterFirstWithHostNet"}}}}'
