kubectl set selector -n $NAMESPACE service ml-model app=ml-model,track=canary
