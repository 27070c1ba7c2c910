// SPDX-License-Identifier: GPL-2.0-or-later
#include "runner/campaign/people.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/alloc.h"
#include "runner/campaign/host.h"

/* who(1) asks whatever this system keeps its sessions in. */
char *people_here(const char *owner)
{
	int status;
	char *list = host_output((const char *[]){ "who", NULL }, &status), *rest, *found = NULL;

	for (char *line = strtok_r(list, "\n", &rest); line && !found;
	     line = strtok_r(NULL, "\n", &rest)) {
		line[strcspn(line, " \t")] = '\0';
		if (*line && strcmp(line, owner))
			found = xstrdup(line);
	}
	free(list);
	return found;
}

char *people_caller(void)
{
	const char *sudo = getenv("SUDO_USER");
	const struct passwd *p;
	char login[32], *end;
	uid_t uid;

	if (sudo && *sudo)
		return xstrdup(sudo);
	/* Also behind su; -1 where nobody logged in. */
	host_text("/proc/self/loginuid", login, sizeof(login));
	uid = strtoul(login, &end, 10);
	p = getpwuid(end == login || uid == (uid_t)-1 ? getuid() : uid);
	return xstrdup(p ? p->pw_name : "root");
}
