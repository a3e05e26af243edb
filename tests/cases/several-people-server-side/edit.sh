kubectl -n "$NAMESPACE" apply --server-side  --force-conflicts -f - <<'END'
{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "labels": {"oncall": "bob"}}, "spec": {"replicas": 4, "template": {"spec": {"containers": [{"name": "main", "resources": {"requests": {"cpu": "1000m"}, "limits": {"cpu": "2"}}}]}}}}
END
kubectl -n "$NAMESPACE" apply --server-side --field-manager=alice --force-conflicts -f - <<'END'
{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {"template": {"spec": {"containers": [{"name": "main", "env": [{"name": "A", "value": "9"}, {"name": "B", "value": "2"}, {"name": "ALICE", "value": "1"}]}]}}}}
END
kubectl -n "$NAMESPACE" apply --server-side --field-manager=alice --force-conflicts -f - <<'END'
{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {"template": {"spec": {"containers": [{"name": "main", "env": [{"name": "B", "value": "2"}, {"name": "ALICE", "value": "1"}]}]}}}}
END
kubectl -n "$NAMESPACE" apply --server-side  --force-conflicts -f - <<'END'
{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "labels": {"oncall": "bob"}}, "spec": {"replicas": 4, "template": {"spec": {"containers": [{"name": "main", "resources": {"requests": {"cpu": "1000m"}}}]}}}}
END
