kubectl -n "$NAMESPACE" patch configmap texts --type=merge -p '{"binaryData": {"logo.png": "R0lGODlhAQA=", "icon.png": "iVBORw0KGgo="}}' 
