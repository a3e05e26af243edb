/* holdfast agent --config FILE: the resident process. */
#include <stdio.h>

#include "agent.h"
#include "command.h"

int cmd_agent(const struct options *o)
{
    if (!o->config) {
        fprintf(stderr, "holdfast: agent needs --config FILE\n");
        return EXIT_ERROR;
    }
    return agent_run(o);
}
