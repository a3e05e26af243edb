KUBE_EDITOR='sed -i s/web:1.0/web:1.1/' kubectl -n "$NAMESPACE" edit deployment web
kubectl -n "$NAMESPACE" annotate deployment web team.example/note=hot-fix
