// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/parse.h"

#include <stdlib.h>

#include "lib/error.h"

bool parse_share(const char *option, const char *text, double *share)
{
	char *end;
	double v = strtod(text, &end);

	if (*end == '%') {
		v /= 100;
		end++;
	}
	if (end != text && !*end && v > 0 && v < 1) {
		*share = v;
		return true;
	}
	error("%s '%s': give a share above 0 and below 100%%, such as 2%% or 0.02", option, text);
	return false;
}
