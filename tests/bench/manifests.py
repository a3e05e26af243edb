"""A repository of machine-learning teams as large as wanted: namespaces of ten projects or so, a project of eight
objects in a folder of its own. All of it stands here as the API server stores it (`1Gi`, never `1024Mi`; no claim
templates, an atomic list which the server fills in), so that what was applied once is literally equal afterwards. And
nothing moves by itself: without a scheduler no Pod runs, CronJobs are suspended, an HPA without metrics scales
nothing."""
import base64
import os
import random
import subprocess

TEAMS = ("vision", "speech", "ranking", "fraud", "search", "forecast", "nlp", "ads", "maps", "robotics")
TASKS = ("train", "serve", "features", "embeddings", "labels", "eval", "tuning", "ingest", "scoring", "drift")

NAMESPACE = """\
apiVersion: v1
kind: Namespace
metadata:
  name: {namespace}
  labels:
    app.kubernetes.io/managed-by: platform
    team: {team}
"""

DEPLOYMENT = """\
# The model server. How many of it run is left to the autoscaler below.
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
  namespace: {namespace}
  labels:
    app: {name}
    app.kubernetes.io/part-of: {task}
    team: {team}
spec:
  revisionHistoryLimit: 3
  selector:
    matchLabels:
      app: {name}
  strategy:
    type: RollingUpdate
    rollingUpdate:
      maxSurge: 25%
      maxUnavailable: 1
  template:
    metadata:
      labels:
        app: {name}
        team: {team}
      annotations:
        prometheus.io/scrape: "true"
        prometheus.io/port: "8080"
    spec:
      terminationGracePeriodSeconds: 60
      containers:
      - name: server
        image: registry.example.com/{team}/{task}-server:1.{minor}.{patch}
        args: ["--model=/models/{task}", "--port=8080", "--batch={batch}"]
        ports:
        - name: http
          containerPort: 8080
        - name: metrics
          containerPort: 9090
        env:
        - name: MODEL_NAME
          value: {task}-{number}
        - name: OMP_NUM_THREADS
          value: "{threads}"
        - name: LOG_LEVEL
          value: info
        - name: API_TOKEN
          valueFrom:
            secretKeyRef:
              name: {name}
              key: token
        envFrom:
        - configMapRef:
            name: {name}
        resources:
          requests:
            cpu: {millis}m
            memory: {gib}Gi
          limits:
            cpu: "{threads}"
            memory: {limit}Gi
        readinessProbe:
          httpGet:
            path: /v1/models/{task}
            port: http
          initialDelaySeconds: 15
          periodSeconds: 5
        livenessProbe:
          httpGet:
            path: /healthz
            port: http
          failureThreshold: 6
        volumeMounts:
        - name: models
          mountPath: /models
          readOnly: true
        - name: settings
          mountPath: /etc/{task}
      volumes:
      - name: models
        persistentVolumeClaim:
          claimName: {name}
      - name: settings
        configMap:
          name: {name}
"""

SERVICE = """\
apiVersion: v1
kind: Service
metadata:
  name: {name}
  namespace: {namespace}
  labels:
    app: {name}
    team: {team}
spec:
  type: ClusterIP
  selector:
    app: {name}
  ports:
  - name: http
    port: 80
    targetPort: http
  - name: metrics
    port: 9090
    targetPort: metrics
"""

AUTOSCALER = """\
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: {name}
  namespace: {namespace}
  labels:
    app: {name}
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: {name}
  minReplicas: 1
  maxReplicas: {replicas}
  metrics:
  - type: Resource
    resource:
      name: cpu
      target:
        type: Utilization
        averageUtilization: 50
"""

CLAIM = """\
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: {name}
  namespace: {namespace}
  labels:
    app: {name}
spec:
  storageClassName: ml-workflows-sc
  accessModes: [ReadWriteOnce]
  resources:
    requests:
      storage: {size}Gi
"""

CRON_JOB = """\
apiVersion: batch/v1
kind: CronJob
metadata:
  name: {name}
  namespace: {namespace}
  labels:
    app: {name}
spec:
  schedule: "{minute} {hour} * * *"
  suspend: true   # until the next release of {task}
  concurrencyPolicy: Forbid
  successfulJobsHistoryLimit: 1
  jobTemplate:
    spec:
      backoffLimit: 2
      template:
        metadata:
          labels:
            app: {name}-pipeline
        spec:
          restartPolicy: OnFailure
          containers:
          - name: pipeline
            image: registry.example.com/{team}/my-ml-pipeline:2.{minor}
            command: [python, -m, pipeline]
            args: [--task, run-pipeline, --dataset, "s3://datasets/{team}/{task}-{number}"]
            env:
            - name: EPOCHS
              value: "{epochs}"
            resources:
              requests:
                cpu: "1"
                memory: {gib}Gi
"""

CONFIG_MAP = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: {name}
  namespace: {namespace}
  labels:
    app: {name}
data:
  LEARNING_RATE: "{rate}"
  BATCH_SIZE: "{batch}"
  settings.yaml: |
    model:
      name: {task}-{number}
      format: saved_model
      batch: {batch}
    features:
      - name: age
        type: float
        default: 0.0
      - name: country
        type: categorical
        buckets: 250
    training:
      epochs: {epochs}
      optimizer: adam
      learning_rate: {rate}
      early_stopping: true
"""

SECRET = """\
apiVersion: v1
kind: Secret
metadata:
  name: {name}
  namespace: {namespace}
type: Opaque
data:
  token: {token}
  password: {password}
"""

STATEFUL_SET = """\
# Metadata of the runs.
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: {name}
  namespace: {namespace}
  labels:
    app: {name}-db
    team: {team}
spec:
  serviceName: {name}-db
  replicas: 0   # asleep between trainings
  selector:
    matchLabels:
      app: {name}-db
  template:
    metadata:
      labels:
        app: {name}-db
    spec:
      containers:
      - name: postgres
        image: postgres:15.{minor}
        ports:
        - name: postgres
          containerPort: 5432
        env:
        - name: POSTGRES_DB
          value: {task}
        - name: POSTGRES_PASSWORD
          valueFrom:
            secretKeyRef:
              name: {name}
              key: password
        volumeMounts:
        - name: data
          mountPath: /var/lib/postgresql/data
          subPath: postgres
      volumes:
      - name: data
        persistentVolumeClaim:
          claimName: {name}
"""

# (file, API path below the namespace, documents); in the order in which objects are counted
PROJECT = (
    ("serve.yaml", "apis/apps/v1/{}/deployments", DEPLOYMENT),
    ("serve.yaml", "api/v1/{}/services", SERVICE),
    ("serve.yaml", "apis/autoscaling/v2/{}/horizontalpodautoscalers", AUTOSCALER),
    ("config.yaml", "api/v1/{}/configmaps", CONFIG_MAP),
    ("config.yaml", "api/v1/{}/secrets", SECRET),
    ("pipeline.yaml", "apis/batch/v1/{}/cronjobs", CRON_JOB),
    ("storage.yaml", "api/v1/{}/persistentvolumeclaims", CLAIM),
    ("storage.yaml", "apis/apps/v1/{}/statefulsets", STATEFUL_SET),
)
LISTS = ["api/v1/namespaces"] + [path.replace("/{}/", "/") for _, path, _ in PROJECT]


def values(number, namespace, team, rng):
    task = TASKS[number % len(TASKS)]
    threads = rng.choice((2, 4, 8))
    gib = rng.choice((1, 2, 4, 6))
    return {"name": f"{task}-{number:04}", "namespace": namespace, "team": team, "task": task, "number": number,
            "minor": rng.randrange(20), "patch": rng.randrange(10), "batch": rng.choice((16, 32, 64, 128)),
            "threads": threads, "millis": rng.choice((250, 500, 750)), "gib": gib, "limit": 2 * gib,
            "replicas": rng.randrange(2, 11), "size": rng.choice((10, 20, 50, 100)), "minute": rng.randrange(60),
            "hour": rng.randrange(24), "epochs": rng.randrange(5, 50), "rate": rng.choice(("0.01", "0.003", "0.0005")),
            "token": base64.b64encode(rng.randbytes(24)).decode(),
            "password": base64.b64encode(rng.randbytes(12)).decode()}


def objects(count, prefix="ml"):
    """(file, API path of the object, text) of so many objects; each namespace before what is in it. Namespaces begin
    with the prefix."""
    rng = random.Random(count)
    left, number, namespaces = count, 0, max(1, count // 100)
    for index in range(namespaces):
        team = TEAMS[index % len(TEAMS)]
        namespace = f"{prefix}-{team}-{index:03}"
        yield (f"teams/{namespace}/namespace.yaml", f"/api/v1/namespaces/{namespace}",
               NAMESPACE.format(namespace=namespace, team=team))
        share = (left - 1) // (namespaces - index)
        left -= 1
        while share:
            project = values(number, namespace, team, rng)
            number += 1
            for file, path, text in PROJECT[:share]:
                where = path.format(f"namespaces/{namespace}")
                yield (f"teams/{namespace}/{project['name']}/{file}", f"/{where}/{project['name']}",
                       text.format(**project))
                share -= 1
                left -= 1


def git(folder, *words):
    environment = {"PATH": os.environ["PATH"], "HOME": folder, "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C.UTF-8"}
    for who in ("AUTHOR", "COMMITTER"):
        environment.update({f"GIT_{who}_NAME": "Bench", f"GIT_{who}_EMAIL": "bench@holdfast.invalid"})
    subprocess.run(["git", "-C", folder, *words], check=True, env=environment)


def write_repository(folder, count, prefix="ml"):
    """Makes a Git repository of one commit of so many objects; answers them, and their files."""
    found, files = list(objects(count, prefix)), {}
    for file, _, text in found:
        files.setdefault(file, []).append(text)
    for file, texts in files.items():
        path = os.path.join(folder, file)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as out:
            out.write("---\n".join(texts))
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", f"{count} objects")
    return found, sorted(files)
