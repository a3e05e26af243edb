kubectl annotate storageclass/storageclass-annotated-ml-workflows-sc team.example/reviewed=yes
