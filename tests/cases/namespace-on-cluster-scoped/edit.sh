kubectl label clusterrole "$CASE-reader" reviewed=yes
