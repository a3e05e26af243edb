kubectl patch priorityclass "$CASE-high" --type=merge -p '{"description": "for whoever is loudest"}' 
