/* holdfast agent --config FILE: the resident process. */
#include <stdio.h>

#include "agent.h"
#include "check.h"
#include "command.h"
#include "options.h"

int cmd_agent(const struct options *o)
{
    if (!o->config) {
        fprintf(stderr, "holdfast: agent needs --config FILE; `holdfast init` writes one\n");
        return EXIT_ERROR;
    }
    return o->check ? agent_check(o) : agent_run(o);
}
