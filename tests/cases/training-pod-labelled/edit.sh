kubectl label -n $NAMESPACE pod/training debug=true
