kubectl -n "$NAMESPACE" annotate secret login team.example/note=rotated
