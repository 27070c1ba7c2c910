// SPDX-License-Identifier: GPL-2.0-or-later
#include "analysis/units.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

struct scale scale_for(const char *unit, double smallest)
{
	static const struct {
		const char *unit; /* recorded; NULL: any other */
		double from;	  /* least value for the scale */
		struct scale scale;
	} scales[] = {
		{ "ns", 1e9, { 1e9, "s", "" } },
		{ "ns", 1e6, { 1e6, "ms", "" } },
		{ "ns", 1e3, { 1e3, "us", "" } },
		{ "ns", 0, { 1, NULL, "" } },
		{ "bytes", 1 << 20, { 1 << 20, "MiB", "" } },
		{ "bytes", 1 << 10, { 1 << 10, "KiB", "" } },
		{ "bytes", 0, { 1, NULL, "" } },
		{ NULL, 1e10, { 1e6, NULL, "million " } },
		{ NULL, 1e7, { 1e3, NULL, "1000 " } },
		{ NULL, 0, { 1, NULL, "" } },
	};
	size_t i = 0;

	if (!isfinite(smallest))
		smallest = 0;
	smallest *= 1 + 1e-9; /* a geometric mean of 1000 may be just below it */
	while ((scales[i].unit && strcmp(scales[i].unit, unit)) || smallest < scales[i].from)
		i++;
	return scales[i].scale;
}
