kubectl patch storageclass immutable-storageclass-binding-mode-sc -p '{"allowVolumeExpansion": false}'
