/*
 * Every cap of the program in one place. Sizes in bytes unless a name says otherwise. What a person
 * may set in the configuration (SPEC 4, `limits`) is marked; these are then the defaults.
 */
#ifndef HOLDFAST_CORE_LIMITS_H
#define HOLDFAST_CORE_LIMITS_H

#define KIB (1024UL)
#define MIB (1024UL * KIB)

/* Git and manifests */
#define LIMIT_FILE_BYTES    (1 * MIB)    /* limits.fileBytes: one file of a source */
#define LIMIT_FETCH_BYTES   (1024 * MIB) /* limits.fetchBytes */
#define LIMIT_REFS          100000       /* refs that a server lists */
#define LIMIT_REFS_BYTES    (64 * MIB)   /* and what their list takes */
#define LIMIT_OBJECTS       100000       /* limits.objects: objects of one source */
#define LIMIT_TREE_FILES    200000       /* files of one tree, taken or not */
#define LIMIT_TREE_DEPTH    64           /* folders inside folders */
#define LIMIT_PATH_BYTES    1024         /* a file's path inside its source */
#define LIMIT_NAME_BYTES    1024         /* apiVersion, kind, name or namespace of an object */
#define LIMIT_OBJECT_BYTES  (3 * MIB)    /* one object as JSON: no API server takes more */
#define LIMIT_NAMES_BYTES   (64 * MIB)   /* distinct names and paths of one source */
#define LIMIT_SPOOL_BYTES   (2048 * MIB) /* bodies and places of one source, aliases copied in */
#define LIMIT_YAML_DEPTH    100          /* nesting of one document */
#define LIMIT_YAML_NODES    500000       /* nodes of one document, alias copies counted */
#define LIMIT_YAML_ALIASES  10000        /* aliases of one document */
#define LIMIT_READ_SECONDS  120          /* deadline of the reading child */
#define LIMIT_READ_MEMORY   (2048 * MIB) /* of the reading child; a container may have less */
#define LIMIT_READ_LEAST    (64 * MIB)   /* and what it gets in any */
#define LIMIT_OLDER_COMMITS 20           /* how far older versions of manifests are looked for */
#define LIMIT_OLDER_FILES   256          /* older versions of files, all commits together */
#define LIMIT_OLDER_BYTES   (2 * MIB)    /* of them as they lie in Git */
#define LIMIT_OLDER_BODIES  (16 * MIB)   /* and of their objects, aliases copied in */
#define LIMIT_FRAME_BYTES   (16 * MIB)   /* one record from the reading child */
#define LIMIT_ERRORS        1000         /* errors told for one source */
#define LIMIT_PROBLEM_BYTES (16 * KIB)   /* the file, object or message of one of them */
#define LIMIT_CONFIG_BYTES  (1 * MIB)
#define LIMIT_TOKEN_BYTES   (64 * KIB)
#define LIMIT_KNOWN_HOSTS   (4 * MIB) /* of a fleet: some 20,000 keys */

/* HTTP */
#define LIMIT_BODY_BYTES         (64 * MIB)   /* an answer held whole */
#define LIMIT_LIST_BYTES         (4096 * MIB) /* a LIST, streamed */
#define LIMIT_ITEM_BYTES         (16 * MIB)   /* one item of a LIST */
#define LIMIT_HEADER_BYTES       (64 * KIB)
#define LIMIT_CONNECT_MS         10000
#define LIMIT_REQUEST_MS         60000
#define LIMIT_LIST_MS            300000
#define LIMIT_STALL_MS           30000 /* a transfer without a byte for so long has failed */
#define LIMIT_REQUESTS_IN_FLIGHT 16
#define LIMIT_RETRIES            5  /* tries of one request before `unknown` */
#define LIMIT_RETRY_AFTER_S      60 /* Retry-After beyond it is cut */
#define LIMIT_PLUGIN_SECONDS     30 /* deadline of an exec plugin */
#define LIMIT_PLUGIN_BYTES       (1 * MIB)

/* Our own endpoints (agent/endpoints.h) */
#define LIMIT_CLIENTS         64         /* connections; more wait in the kernel's queue */
#define LIMIT_CLIENT_IDLE_S   10         /* without a byte moved */
#define LIMIT_CLIENT_TURN_S   30         /* from a request's beginning to the end of its answer */
#define LIMIT_CLIENT_MEMORY   (16 * KIB) /* headers of one connection */
#define LIMIT_ANSWERS_BYTES   (32 * MIB) /* bodies and answers that are held, all together */
#define LIMIT_WEBHOOK_BYTES   (1 * MIB)  /* body of a webhook that is kept and read */
#define LIMIT_WEBHOOK_STREAM  (25 * MIB) /* that is checked; GitHub sends no more */
#define LIMIT_BAD_TOKENS      10         /* wrong tokens and signatures ... */
#define LIMIT_BAD_TOKENS_MS   60000 /* ... in this time: nobody is let in until it has passed */

#define LIMIT_WATCH_SILENCE_S 90   /* a watch without a byte for so long is begun again */
#define LIMIT_WATCH_CUT_S     3    /* the longest pause after a watch that worked and was cut */
#define LIMIT_DENIALS         4    /* 403s in a row that are believed, where the right was there */
#define LIMIT_KIND_UNKNOWN_S  60   /* a kind that could be listed and cannot be any more */
#define LIMIT_NARROW_S        600  /* one that is denied, before less of it is asked for */
#define LIMIT_NARROW_NAMES    32   /* so many objects of a namespace are then asked for by name */
#define LIMIT_NARROW_ALL      128  /* and so many of all kinds and namespaces */
#define LIMIT_WIDEN_S         3600 /* then all of it is asked for again so often */
#define LIMIT_WATCH_POLL_S    60   /* between LISTs of what may not be watched */

/* Questions that the account may not ask (providers/kubernetes/rights.c) */
#define LIMIT_DOUBT_S          40 /* 403s are not believed for so long, where the right was there */
#define LIMIT_RIGHTS           10000 /* rights that are remembered, by question, kind and namespace */
#define LIMIT_KIND_GOES_S      10    /* a kind that is being deleted, before that is told */
#define LIMIT_ASK_AGAIN_S      30    /* before one object is tried again, doubled up to ... */
#define LIMIT_ASK_AGAIN_MOST_S 900   /* ... this: some five requests an hour */

/* Kubernetes Events on drifted objects (agent/kube_events.h) */
#define LIMIT_EVENTS_KEPT     512                 /* that may still be counted up */
#define LIMIT_EVENTS_WAITING  256                 /* for their turn */
#define LIMIT_EVENTS_BURST    25                  /* then one a second */
#define LIMIT_EVENT_SERIES_MS (10L * 60L * 1000L) /* the same drift is one Event for so long */

/* Judging and reporting */
#define LIMIT_MEMO_BYTES         (64 * MIB) /* the file of what was in sync; 2 million records */
#define LIMIT_KEPT_BYTES         (64 * MIB) /* what was read of a source, kept over restarts */
#define LIMIT_KEPT_FILES         16         /* of them, by `holdfast diff` */
#define LIMIT_LIVE_KEPT          (8 * MIB)  /* live objects kept until they are judged */
#define LIMIT_JUDGED_AT_ONCE     32         /* objects whose trees are in memory */
#define LIMIT_JUDGED_BYTES       (64 * MIB) /* and about what their trees take */
#define LIMIT_TRIALS_ALONE       8          /* additions of an object that are tried one by one */
#define LIMIT_JUDGE_AGAIN        5          /* answers computed on another resourceVersion */
#define LIMIT_NAMES_BY_GET       8          /* so many objects of a kind are read by name */
#define LIMIT_JUDGE_RETRY_S      5          /* the first pause before a verdict is tried again */
#define LIMIT_JUDGE_RETRY_MOST_S 300        /* and the longest */
#define LIMIT_DRY_RUNS_A_SECOND  50         /* once everything was judged */
#define LIMIT_STATUS_OPEN        1000       /* open drifts of one source in /status */
#define LIMIT_STATUS_ERRORS      100        /* its errors, the same */
#define LIMIT_VALUE_BYTES        (4 * KIB)  /* a value in the report (SPEC 1) */
#define LIMIT_IGNORE_BYTES       (2 * KIB)  /* the field of an ignore rule */
#define LIMIT_IGNORE_DEPTH       128        /* steps of a path that rules are tried on */
#define LIMIT_JSON_BYTES         (64 * MIB) /* one JSON text that we write */

#endif
