kubectl patch -n $NAMESPACE service/ml-model -p '{"spec":{"ports":[{"name":"debug","port":5005}]}}'
