// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * generate-records FOLDER [NAME=VALUE...]: two labels, `base` and `new`, of simulated kernels.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "error.h"
#include "tests/calibration/simulate.h"

static enum shape shape_named(const char *name)
{
	for (int i = 0; i < SHAPES; i++) {
		if (!strcmp(shape_names[i], name))
			return i;
	}
	die(STATUS_USAGE, "shape '%s': allowed are normal, t3, bimodal, skewed and drift", name);
}

int main(int argc, char **argv)
{
	struct simulation s = simulation_default();
	const struct {
		const char *name;
		int *value;
	} counts[] = { { "blocks", &s.blocks },
		       { "workloads", &s.workloads },
		       { "metrics", &s.metrics },
		       { "processes", &s.processes },
		       { "samples", &s.iterations } };

	if (argc < 2)
		die(STATUS_USAGE,
		    "usage: generate-records FOLDER [blocks=N] [workloads=N] [metrics=N] "
		    "[processes=N] [samples=N] [effect=X] [shape=S] [seed=N] [paired=0|1]");
	for (int i = 2; i < argc; i++) {
		char *equals = strchr(argv[i], '=');
		const char *value = equals ? equals + 1 : "";
		int known = 0;

		if (equals)
			*equals = '\0';
		for (size_t k = 0; k < sizeof(counts) / sizeof(counts[0]); k++) {
			if (strcmp(argv[i], counts[k].name))
				continue;
			*counts[k].value = atoi(value);
			known = 1;
		}
		if (!strcmp(argv[i], "effect"))
			s.effect = atof(value);
		else if (!strcmp(argv[i], "seed"))
			s.seed = strtoul(value, NULL, 10);
		else if (!strcmp(argv[i], "paired"))
			s.recorded_blocks = atoi(value);
		else if (!strcmp(argv[i], "shape"))
			s.shape = shape_named(value);
		else if (!known)
			die(STATUS_USAGE, "'%s' is no setting of generate-records", argv[i]);
	}
	simulate_side(&s, argv[1], "base", false);
	simulate_side(&s, argv[1], "new", true);
	return STATUS_DONE;
}
